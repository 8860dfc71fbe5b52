import type { EncoderConfig, Pooling } from '../../../src/domain/model';
import type { AttributeProto, GraphProto, NodeProto, InitializerProto } from './onnxProto';

/** Source of an initializer's values: a parameter, a linear weight transposed to [in, out], or a constant. */
type BertInitializerSource =
  { kind: 'parameter'; name: string } | { kind: 'transposed'; name: string } | { kind: 'constant'; values: number[] };

export interface BertInitializer extends InitializerProto {
  source: BertInitializerSource;
}

interface BertGraph extends GraphProto {
  initializers: BertInitializer[];
}

export interface BertGraphOptions {
  config: EncoderConfig;
  pooling: Pooling;
  normalize: boolean;
}

/** Added to the attention score of a padding token: the lowest float32, so that softmax returns exactly 0 for it. */
const maskedScore = -3.4028234663852886e38;

/** Collects the nodes and initializers of a graph. Every node has one output, which the caller names. */
class GraphBuilder {
  readonly nodes: NodeProto[] = [];
  readonly initializers: BertInitializer[] = [];

  node(opType: string, inputs: string[], output: string, attributes: AttributeProto[] = []): string {
    this.nodes.push({ opType, inputs, output, attributes });
    return output;
  }

  parameter(name: string, shape: number[]): string {
    this.initializers.push({ name, type: 'float', shape, source: { kind: 'parameter', name } });
    return name;
  }

  constant(name: string, type: 'float' | 'int64', values: number[], shape: number[] = [values.length]): string {
    this.initializers.push({ name, type, shape, source: { kind: 'constant', values } });
    return name;
  }

  /** Adds a linear layer, x·Wᵀ + b. */
  linear(x: string, module: string, inSize: number, outSize: number): string {
    const weight = `${module}.weight_t`;
    this.initializers.push({
      name: weight,
      type: 'float',
      shape: [inSize, outSize],
      source: { kind: 'transposed', name: `${module}.weight` },
    });
    const product = this.node('MatMul', [x, weight], `${module}/product`);
    return this.node('Add', [product, this.parameter(`${module}.bias`, [outSize])], `${module}/y`);
  }

  layerNorm(x: string, module: string, config: EncoderConfig, output: string): string {
    const size = [config.hiddenSize];
    const inputs = [x, this.parameter(`${module}.weight`, size), this.parameter(`${module}.bias`, size)];
    const attributes: AttributeProto[] = [
      { name: 'axis', int: -1 },
      { name: 'epsilon', float: config.layerNormEpsilon },
    ];
    return this.node('LayerNormalization', inputs, output, attributes);
  }
}

function sharedConstants(graph: GraphBuilder, config: EncoderConfig): void {
  graph.constant('zero', 'int64', [0], []);
  graph.constant('one', 'int64', [1], []);
  graph.constant('axes_1_2', 'int64', [1, 2]);
  graph.constant('half', 'float', [0.5], []);
  graph.constant('one_float', 'float', [1], []);
  graph.constant('root_2', 'float', [Math.SQRT2], []);
  graph.constant('masked_score', 'float', [maskedScore], []);
  graph.constant('attention_scale', 'float', [1 / Math.sqrt(config.hiddenSize / config.heads)], []);
  graph.constant('heads_shape', 'int64', [0, 0, config.heads, config.hiddenSize / config.heads]);
  graph.constant('hidden_shape', 'int64', [0, 0, config.hiddenSize]);
}

/** Adds word, position and type embeddings, then LayerNorm. [B, S, H] */
function embeddings(graph: GraphBuilder, config: EncoderConfig): string {
  const { hiddenSize } = config;
  const words = graph.node(
    'Gather',
    [graph.parameter('embeddings.word_embeddings.weight', [config.vocabularySize, hiddenSize]), 'input_ids'],
    'words',
  );
  const shape = graph.node('Shape', ['input_ids'], 'input_shape');
  const length = graph.node('Gather', [shape, 'one'], 'sequence_length_value');
  const range = graph.node('Range', ['zero', length, 'one'], 'position_ids');
  const positions = graph.node(
    'Gather',
    [graph.parameter('embeddings.position_embeddings.weight', [config.maxPositions, hiddenSize]), range],
    'positions',
  );
  const typeTable = graph.parameter('embeddings.token_type_embeddings.weight', [config.typeVocabularySize, hiddenSize]);
  const types = graph.node('Gather', [typeTable, 'token_type_ids'], 'types');
  const wordsAndTypes = graph.node('Add', [words, types], 'words_types');
  const sum = graph.node('Add', [wordsAndTypes, positions], 'embedding_sum');
  return graph.layerNorm(sum, 'embeddings.LayerNorm', config, 'embedding_output');
}

/** Adds nodes that turn the mask into score offsets: 0 for a token, the lowest float32 for padding. [B, 1, 1, S] */
function maskScores(graph: GraphBuilder): string {
  graph.node('Cast', ['attention_mask'], 'mask', [{ name: 'to', int: 1 }]);
  const wide = graph.node('Unsqueeze', ['mask', 'axes_1_2'], 'mask_wide');
  const inverse = graph.node('Sub', ['one_float', wide], 'mask_inverse');
  return graph.node('Mul', [inverse, 'masked_score'], 'mask_scores');
}

function split(graph: GraphBuilder, x: string, name: string, perm: number[]): string {
  const shaped = graph.node('Reshape', [x, 'heads_shape'], `${name}/heads`);
  return graph.node('Transpose', [shaped], `${name}/split`, [{ name: 'perm', ints: perm }]);
}

function attention(graph: GraphBuilder, x: string, layer: string, config: EncoderConfig): string {
  const size = config.hiddenSize;
  const self = `${layer}.attention.self`;
  const query = split(graph, graph.linear(x, `${self}.query`, size, size), `${self}.query`, [0, 2, 1, 3]);
  const key = split(graph, graph.linear(x, `${self}.key`, size, size), `${self}.key`, [0, 2, 3, 1]);
  const value = split(graph, graph.linear(x, `${self}.value`, size, size), `${self}.value`, [0, 2, 1, 3]);
  const product = graph.node('MatMul', [query, key], `${self}/product`);
  const scaled = graph.node('Mul', [product, 'attention_scale'], `${self}/scaled`);
  const masked = graph.node('Add', [scaled, 'mask_scores'], `${self}/masked`);
  const shares = graph.node('Softmax', [masked], `${self}/shares`, [{ name: 'axis', int: -1 }]);
  const context = graph.node('MatMul', [shares, value], `${self}/context`);
  const together = graph.node('Transpose', [context], `${self}/together`, [{ name: 'perm', ints: [0, 2, 1, 3] }]);
  const joined = graph.node('Reshape', [together, 'hidden_shape'], `${self}/joined`);
  return graph.linear(joined, `${layer}.attention.output.dense`, size, size);
}

/** Adds exact GELU, x·½·(1 + erf(x/√2)) (arXiv 1606.08415). */
function gelu(graph: GraphBuilder, x: string, name: string): string {
  const scaled = graph.node('Div', [x, 'root_2'], `${name}/scaled`);
  const erf = graph.node('Erf', [scaled], `${name}/erf`);
  const shifted = graph.node('Add', [erf, 'one_float'], `${name}/shifted`);
  const product = graph.node('Mul', [x, shifted], `${name}/product`);
  return graph.node('Mul', [product, 'half'], `${name}/gelu`);
}

function encoderLayer(graph: GraphBuilder, x: string, index: number, config: EncoderConfig, output: string): string {
  const layer = `encoder.layer.${index}`;
  const attended = graph.node('Add', [attention(graph, x, layer, config), x], `${layer}/attended`);
  const normed = graph.layerNorm(attended, `${layer}.attention.output.LayerNorm`, config, `${layer}/attention_output`);
  const wide = graph.linear(normed, `${layer}.intermediate.dense`, config.hiddenSize, config.intermediateSize);
  const narrow = graph.linear(
    gelu(graph, wide, `${layer}.intermediate`),
    `${layer}.output.dense`,
    config.intermediateSize,
    config.hiddenSize,
  );
  const sum = graph.node('Add', [narrow, normed], `${layer}/sum`);
  return graph.layerNorm(sum, `${layer}.output.LayerNorm`, config, output);
}

/** Adds pooling and, if requested, scaling to unit length. [B, H] */
function sentenceEmbedding(graph: GraphBuilder, options: BertGraphOptions): void {
  const output = 'sentence_embedding';
  const pooledName = options.normalize ? 'pooled' : output;
  if (options.pooling === 'cls')
    graph.node('Gather', ['last_hidden_state', 'zero'], pooledName, [{ name: 'axis', int: 1 }]);
  else if (options.pooling === 'last') {
    graph.constant('axis_1', 'int64', [1]);
    const count = graph.node('ReduceSum', ['attention_mask', 'axis_1'], 'token_count'); // [B, 1]
    const last = graph.node('Sub', [count, 'one'], 'last_token');
    graph.node('GatherND', ['last_hidden_state', last], pooledName, [{ name: 'batch_dims', int: 1 }]);
  } else {
    graph.constant('axis_1', 'int64', [1]);
    const mask = graph.node('Unsqueeze', ['mask', graph.constant('axis_2', 'int64', [2])], 'mask_column');
    const kept = graph.node('Mul', ['last_hidden_state', mask], 'kept');
    const sum = graph.node('ReduceSum', [kept, 'axis_1'], 'kept_sum', [{ name: 'keepdims', int: 0 }]);
    const count = graph.node('ReduceSum', [mask, 'axis_1'], 'kept_count', [{ name: 'keepdims', int: 0 }]);
    const atLeast = graph.node(
      'Max',
      [count, graph.constant('smallest_count', 'float', [1e-9], [])],
      'kept_count_positive',
    );
    graph.node('Div', [sum, atLeast], pooledName);
  }
  if (!options.normalize) return;
  const norm = graph.node('ReduceL2', [pooledName], 'norm', [
    { name: 'axes', ints: [-1] },
    { name: 'keepdims', int: 1 },
  ]);
  const positive = graph.node('Max', [norm, graph.constant('smallest_norm', 'float', [1e-12], [])], 'norm_positive');
  graph.node('Div', [pooledName, positive], output);
}

/** Returns a BERT encoder with its pooling as an ONNX graph (opset 17). */
export function bertGraph(options: BertGraphOptions): BertGraph {
  const { config } = options;
  const graph = new GraphBuilder();
  sharedConstants(graph, config);
  maskScores(graph);
  let x = embeddings(graph, config);
  for (let layer = 0; layer < config.layers; layer++)
    x = encoderLayer(
      graph,
      x,
      layer,
      config,
      layer === config.layers - 1 ? 'last_hidden_state' : `encoder.layer.${layer}/y`,
    );
  sentenceEmbedding(graph, options);
  const tokens = ['batch_size', 'sequence_length'];
  return {
    name: 'encoder',
    nodes: graph.nodes,
    initializers: graph.initializers,
    inputs: ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => ({ name, type: 'int64', shape: tokens })),
    outputs: [
      { name: 'last_hidden_state', type: 'float', shape: [...tokens, config.hiddenSize] },
      { name: 'sentence_embedding', type: 'float', shape: ['batch_size', config.hiddenSize] },
    ],
  };
}
