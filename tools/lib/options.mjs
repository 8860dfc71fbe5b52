import { parseArgs } from 'node:util';

/** What Node says about an option, in one sentence. */
function sentence(error) {
  const option = /--?[\w-]+/.exec(error.message)?.[0] ?? 'The option';
  if (error.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
    return `There is no option ${option}; --help lists all there are.`;
  if (error.code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE')
    return error.message.includes('does not take')
      ? `${option} takes no value.`
      : `${option} needs a value; --help says which.`;
  return `${error.message.split(/[.\n]/)[0]}; --help says how.`;
}

/**
 * Node's parseArgs, whose faults become one sentence.
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
