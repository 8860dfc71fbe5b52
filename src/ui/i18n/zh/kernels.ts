import type { Dictionary } from '../dictionary';

export const kernelsTexts: Dictionary['kernels'] = {
  title: '矩阵乘法',
  help: '测速后选中的内核，和按固定规则选用的内核，各自的速度。两者算出的结果逐位相同。',
  product: '乘法',
  chosen: '选中的',
  rules: '固定规则',
  gain: '提升',
  products: {
    queryKeyValue: '查询、键和值',
    attentionOutput: '注意力输出',
    feedForwardIn: '前馈第一层',
    feedForwardOut: '前馈第二层',
  },
  passes: { forward: '前向', inputGradient: '输入的梯度', weightGradient: '权重的梯度' },
  half: '半精度',
  tokens: (n) => `${n} 个 token`,
  measured: (n, gain, time) => `为 ${n} 种矩阵乘法测速选了内核，用时 ${time}，速度是固定规则的 ${gain} 倍。`,
  stored: (n, gain) => `沿用这台设备上测过的 ${n} 种矩阵乘法的内核，速度是固定规则的 ${gain} 倍。`,
  storedWithout: '沿用这台设备上测过的内核。',
  ruled: {
    'device-lost': '测速时显卡断开了，这次训练按固定规则选用内核。',
    'measuring-failed': '内核测速失败，这次训练按固定规则选用内核。',
  },
  unmeasured: (n) => `时间不够，另有 ${n} 种乘法按固定规则选用内核。`,
  refused: (shaders, bits) => `未采用的内核：浏览器拒绝的 ${shaders} 个，结果不能逐位相同的 ${bits} 个。`,
};
