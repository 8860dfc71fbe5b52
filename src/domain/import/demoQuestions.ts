/** A question to the demo's knowledge base, with the passages that answer it. */
interface DemoQuestion {
  text: string;
  relevant: readonly string[];
}

/**
 * Test questions of the demo that the home screen suggests. They are constants so that nothing is loaded before the
 * user asks one.
 */
export const demoQuestions: readonly DemoQuestion[] = [
  { text: '打完苗没几分钟猪就倒了浑身发紫，赶紧打啥？', relevant: ['kb-b065'] },
  { text: '栏里互相啃尾巴，挂点啥、料里查什么？', relevant: ['kb-b110'] },
  { text: '卖猪那天早上还喂不喂，饿多久再上车？', relevant: ['kb-b114'] },
];

/** Number of passages in the demo's knowledge base. */
export const demoPassages = 288;
