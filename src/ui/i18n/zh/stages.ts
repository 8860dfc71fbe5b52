import type { Dictionary } from '../dictionary';

export const stagesTexts: Dictionary['stages'] = {
  rail: '实验的各个阶段',
  states: { empty: '空', ready: '就绪', running: '进行中', stale: '已过期：前面的阶段改过', done: '完成' },
  names: { import: '导入', split: '划分', tokenize: '分词', train: '训练', evaluate: '评测', report: '报告' },
  about: '关于这一阶段',
  does: '做什么',
  costs: '开销',
  wrong: '可能出的问题',
  part: '在 experiment.json 里的部分',
  text: {
    import: {
      does: '逐行读取你的文件，按内容的哈希存进这个浏览器。没有采用的行都会列出，写明行号和原因。',
      costs: '十万行约一秒，占用的磁盘和文件差不多大。基座模型占用的磁盘等于 float32 权重的大小。',
      wrong: '测试问题指向的段落不在知识库里，就没法判分，会被列出并跳过。编码若认错，文字会变成乱码，请看一眼预览。',
    },
    split: {
      does: '把数据分成互不相交的三份：训练集更新权重，验证集挑选检查点，测试集只在训练前后各用一次。',
      costs: '几乎没有。只是每拿出一对做验证，训练就少一对。',
      wrong: '同一个问题既在训练集又在测试集，模型就能背答案而不用检索，提升就是假的。这样的泄漏在这里列出。',
    },
    tokenize: {
      does: '用模型自带的分词器，把每段文本连同前缀变成 token，超过最大长度的部分截掉。',
      costs: '每秒几千条，只做一次；文本、前缀和最大长度不变就一直复用。',
      wrong: '截掉的内容模型看不到。如果出现很多 [UNK]，说明词表不适合这种语言。',
    },
    train: {
      does: '让每个问题靠近自己的段落，远离同一批里的其他段落（批内负例，InfoNCE），用 AdamW 更新权重。',
      costs:
        '内存是权重的四倍，再加上算一批要用的（见“内存”）；磁盘是权重的六倍，用来存两个检查点。用时随 token 数 × 参数量增长，会实测并显示。',
      wrong:
        '学习率过大，模型会忘掉原来会的：损失在降，验证集召回率也在降。同一批里也能回答这个问题的段落会成为假负例。',
    },
    evaluate: {
      does: '用训练前后的权重分别编码整个知识库和全部测试问题，精确检索，逐题比较名次。',
      costs: '每个段落、每个问题各做两次前向计算。',
      wrong:
        '问题太少，区间就宽：50 题看不出 4 个百分点的提升。反复看测试集，它就不再是测试集，所以每次使用都会记下来。',
    },
    report: {
      does: '把微调后的模型写成 Hugging Face 文件夹（safetensors 和 ONNX），重新打开，和本页的向量比对，一致才算完成。',
      costs: '打包时占用约两倍权重大小的磁盘。',
      wrong: '使用模型时漏掉前缀、池化或归一化，得到的向量就不一样。模型卡里三样都写明了。',
    },
  },
};

export const nextTexts: Dictionary['next'] = {
  button: (stage) => `下一步：${stage}`,
  notYet: '还差一点',
  missing: (inputs) => `还缺：${inputs}。`,
  ready: {
    split: { title: '数据和模型都有了', text: '接着看训练、验证和测试各有多少题。' },
    tokenize: { title: '三份数据分好了', text: '接着看文本有多长，有没有被截断。' },
    train: { title: '可以训练了', text: '接着选设置，不改也能直接开始。' },
    report: { title: '结果已经保存', text: '接着导出模型，或者分享这个实验。' },
  },
};
