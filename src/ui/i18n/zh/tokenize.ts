import type { Dictionary } from '../dictionary';
import { formatCount } from '../format';

export const tokenizeTexts: Dictionary['tokenize'] = {
  title: '把文本变成 token',
  run: '立即分词',
  auto: '训练前会自动完成。想先看长度，可以先分词。',
  done: '已经分好词，各份文本的长度如下。',
  working: '分词中……',
  truncated: (n, of) => `${formatCount(of)} 条中有 ${formatCount(n)} 条超长，被截断。`,
  noneTruncated: '没有文本被截断。',
  lengths: '长度（token）',
  texts: '条',
  median: '中位数',
  p95: '95% 分位数',
  longest: '最长',
  cutAt: '截断于',
  sets: {
    anchors: '问答对中的问题',
    positives: '问答对中的段落',
    sentences1: '打分句对中的句子 1',
    sentences2: '打分句对中的句子 2',
    knowledgeBase: '知识库',
    devQuestions: '验证问题',
    testQuestions: '测试问题',
  },
};
