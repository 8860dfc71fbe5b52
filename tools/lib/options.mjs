import { parseArgs } from 'node:util';

/** Returns Node's error message about an option as one sentence. */
function sentence(error) {
  const option = /--?[\w-]+/.exec(error.message)?.[0] ?? 'The option';
  if (error.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `Unknown option ${option}; --help lists all options.`;
  if (error.code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE')
    return error.message.includes('does not take')
      ? `${option} takes no value.`
      : `${option} needs a value; see --help.`;
  return `${error.message.split(/[.\n]/)[0]}; see --help.`;
}

/**
 * Calls Node's parseArgs and rewords its errors as one sentence.
 * @template {import('node:util').ParseArgsConfig} C
 * @param {C} config
 */
export function parseOptions(config) {
  try {
    return parseArgs(config);
  } catch (error) {
    if (!String(error.code).startsWith('ERR_PARSE_ARGS')) throw error;
    throw new Error(sentence(error), { cause: error });
  }
}
