import { describe, expect, it } from 'vitest';
import { defaultStage, type Stage } from '../../../src/domain/experiment';
import { defaultLora } from '../../../src/domain/train/loraSchema';
import { evaluationOf } from '../storage/support';
import { card, lines, section } from './cards';

describe('the training in the model card', () => {
  it('says which weights the export holds and how they were trained', () => {
    const stage = { ...defaultStage(), loss: { ...defaultStage().loss, temperature: 0.07 } };
    const stages = [{ ...stage, optimizer: { ...stage.optimizer, learningRate: 3e-5 } }];
    const about = section('Training', { experiment: { stages }, run: { step: 9, weightsSha256: 'trained' } }).join(
      '\n',
    );
    expect(about).toContain('Base model: demo (`base`)');
    expect(about).toContain('Temperature τ: 0.07');
    expect(about).toContain('Learning rate: 0.00003');
    expect(about).toContain('Weights from step: 9');
    expect(about).toContain('SHA-256 of the weights: `trained`');
    expect(about).not.toContain('From:');
    expect(card({ run: { step: 9, keptStep: 4 } })).toContain('Weights from step: 4');
  });

  it('describes the adapter, and says why it is not exported if several stages changed the weights', () => {
    const lora = { ...defaultStage(), strategy: defaultLora };
    const one = card({ experiment: { stages: [lora] } });
    expect(one).toContain('LoRA: r = 8, α = 16, query, key, value,');
    expect(one).toContain('PeftModel.from_pretrained(');
    const two = card({ experiment: { stages: [defaultStage(), lora] } });
    expect(two).toContain('Other stages changed the weights too, so it is not exported on its own.');
    expect(two).not.toContain('PeftModel');
    expect(card({})).not.toContain('dapter');
  });

  it('says of a blend how it was mixed, and that its adapter is merged', () => {
    const blend = {
      ratio: 0.3,
      weightsSha256: 'mixed',
      dev: { ...evaluationOf('r', 0.5).metrics, mrrAt10: 0.4321, questions: 17 },
    };
    const lora = { ...defaultStage(), strategy: defaultLora };
    const about = section('Training', { blend, experiment: { stages: [lora] } });
    expect(about).toContain('- 混合 / Blend: 0.7 × 基座 + 0.3 × 微调 / 0.7 × base + 0.3 × tuned');
    expect(about).toContain('- 混合后在验证集上 / Blend on dev: MRR@10 0.4321, 17 题 / questions');
    expect(about).toContain('- 权重的 SHA-256 / SHA-256 of the weights: `mixed`');
    expect(about.filter((line) => line.includes('dapter'))).toEqual([
      '- 适配器 / Adapter: 已合并进权重再混合，没有单独导出。/ merged before blending, not exported on its own.',
    ]);
    const unseen = section('Training', { blend: { ...blend, dev: undefined } });
    expect(unseen.some((line) => line.includes('Blend on dev') || line.includes('dapter'))).toBe(false);
    const before = evaluationOf('r', 0.25);
    expect(section('Results', { blend, before, after: before })).toContain(
      '| 指标 / Metric | 训练前 / Before | 混合后 / Blend |',
    );
  });

  it('names the hub that the base model came from, and its id as metadata if Hugging Face has it', () => {
    const hub = { host: 'huggingface.co', id: 'org/zh', commit: 'a'.repeat(40) };
    const of = (changed: object) => lines({ model: { hub: { ...hub, ...changed } } });
    expect(of({})).toContain('base_model: org/zh');
    expect(of({})).toContain(`- 来源 / From: huggingface.co, org/zh, commit \`${'a'.repeat(40)}\``);
    const elsewhere = of({ host: 'models.example' });
    expect(elsewhere.some((line) => line.startsWith('base_model'))).toBe(false);
    expect(elsewhere).toContain(`- 来源 / From: models.example, org/zh, commit \`${'a'.repeat(40)}\``);
  });

  it('says whether the pooler of the base model is kept, and whether importing again would keep it', () => {
    const [dense, bias] = ['pooler.dense.weight', 'pooler.dense.bias'];
    const pooler = (names: string[]): string | undefined =>
      section('Training', { model: { untrained: { tensors: names.map((name) => ({ name })) } } }).find((line) =>
        line.startsWith('- Pooler'),
      );
    expect(pooler([dense, bias])).toBe('- Pooler: 和基座模型相同 / same as in the base model');
    expect(pooler([dense])).toMatch(/not in the base model\. .* reports `pooler\.dense\.bias` as newly initialized/);
    const early = section('Training').find((line) => line.startsWith('- Pooler'));
    expect(early).toMatch(/import the base model again, .*`pooler\.dense\.weight`, `pooler\.dense\.bias` as newly/);
  });

  it('names the tokens of a prefix, and settings that only some stages have', () => {
    const { optimizer } = defaultStage();
    const prefix: Stage['strategy'] = { kind: 'prefix', tokens: ['[a]', '[b]'], side: 'queries' };
    const batching = { kind: 'seeded', batchSize: 8, avoidDuplicatePassages: false, accumulation: 4 } as const;
    const one: Stage = {
      ...{ ...defaultStage(), strategy: prefix, batching },
      ...{ optimizer: { ...optimizer, learningRate: 0.01, layerDecay: 0.9 } },
      loss: { kind: 'triplet', distance: 'euclidean', margin: 1 },
    };
    const only = section('Training', { experiment: { stages: [one] } });
    expect(only.find((line) => line.includes('Prefix tokens'))).toContain('Prefix tokens: `[a]`, `[b]`');
    expect(only).toContain('- 损失 / Loss: 三元组损失 / triplet margin: 欧氏距离 / Euclidean, 1');
    expect(only).toContain('- 每步累积几批 / Batches accumulated per step: 4');
    expect(only).toContain('- 学习率逐层衰减 / Layer-wise learning-rate decay: 0.9');
    const lora: Stage = { ...defaultStage(), strategy: defaultLora, loss: { ...defaultStage().loss } };
    const rows = section('Training', { experiment: { stages: [one, lora] } }).filter((line) => line.startsWith('|'));
    expect(rows.slice(2).map((row) => row.split(' | '))).toEqual([
      [
        ...[
          '| 1',
          '前缀 token / prefix tokens: 2',
          '无 / none',
          '三元组损失 / triplet margin: 欧氏距离 / Euclidean, 1',
        ],
        ...['–', '8 × 4', '2 轮 / 2 epochs', '0.01（逐层衰减 / layer-wise decay: 0.9） |'],
      ],
      [
        ...['| 2', `LoRA: r = 8, α = 16, ${defaultLora.matrices.join(', ')}`, '无 / none'],
        ...['批内 InfoNCE / in-batch InfoNCE', '0.05', '16', '2 轮 / 2 epochs', '0.0002 |'],
      ],
    ]);
  });

  it('names another loss than InfoNCE of the only stage, with its settings and without a temperature', () => {
    const loss = { kind: 'triplet', distance: 'cosine', margin: 0.2 } as const;
    const about = section('Training', { experiment: { stages: [{ ...defaultStage(), loss }] } });
    expect(about).toContain('- 损失 / Loss: 三元组损失 / triplet margin: 1 − cos, 0.2');
    expect(about.some((line) => line.includes('Temperature'))).toBe(false);
  });

  it('names the teacher of a distillation by its hash, with both temperatures', () => {
    const settings = { pooling: 'mean', normalize: true, maxTokens: 64, queryPrefix: '', passagePrefix: '' } as const;
    const teacher = { contentSha256: 'c'.repeat(64), ...settings };
    const about = (loss: Stage['loss']): string[] =>
      section('Training', { experiment: { stages: [{ ...defaultStage(), loss }] } });
    const own = about({ kind: 'distillation', temperature: 0.5, teacher });
    expect(own).toContain('- 损失 / Loss: KL 蒸馏 / KL distillation: 教师模型 / teacher cccccccccccc, τ 0.5');
    expect(own).toContain('- 温度 τ / Temperature τ: 0.5');
    const apart = about({ kind: 'distillation', temperature: 0.5, teacherTemperature: 0.1, teacher });
    expect(apart.some((line) => line.endsWith('cccccccccccc, τ 0.1'))).toBe(true);
    const imported = about({ kind: 'distillation', temperature: 0.5, teacherTemperature: 1, scores: 'imported' });
    expect(imported.some((line) => line.endsWith('KL distillation: 数据里的打分 / scores of the data, τ 1'))).toBe(
      true,
    );
  });

  it('states the average of the weights, for a single stage and for each of several', () => {
    const averaged = { ...defaultStage(), ema: { decay: 0.99 } };
    const line = '- 权重的滑动平均 / Moving average of the weights (EMA): 衰减系数 / decay: 0.99';
    expect(section('Training', { experiment: { stages: [averaged] } })).toContain(line);
    const rows = section('Training', { experiment: { stages: [defaultStage(), averaged] } });
    const cells = rows.filter((row) => row.startsWith('|')).map((row) => row.split(' | ').at(-1));
    expect(cells.slice(2)).toEqual(['无 / none |', '衰减系数 / decay: 0.99 |']);
    expect(card({})).not.toContain('EMA');
  });

  it('describes every stage of a training with several in a table, and a single one in the list', () => {
    const { optimizer } = defaultStage();
    const stages: Stage[] = [
      { ...defaultStage(), duration: { unit: 'steps', value: 1 }, frozen: { embeddings: true, layers: 1 } },
      {
        ...defaultStage(),
        strategy: { kind: 'bitFit', keywords: ['bias', 'layer.1'] },
        frozen: { embeddings: false, layers: 2 },
        loss: { kind: 'sigmoidPairs', temperature: 0.07 },
        batching: { kind: 'listed', sha256: 'b' },
        optimizer: { ...optimizer, learningRate: 1e-3 },
      },
      defaultStage(),
    ];
    const about = section('Training', { experiment: { stages } });
    expect(about.slice(about.findIndex((line) => line.includes('SHA-256 of the weights')) + 1)).toEqual([
      '训练依次分 3 个阶段，后一个阶段从前一个阶段的权重开始。',
      'Trained in 3 stages, each from the weights of the one before.',
      '| 阶段 / Stage | 训练的参数 / Trained | 冻结 / Frozen | 损失 / Loss | 温度 τ / Temperature τ | 批大小 / Batch size | 时长 / Duration | 学习率 / Learning rate |',
      '|---|---|---|---|---|---|---|---|',
      '| 1 | 全参数 / full | 嵌入、最低 1 层 / embeddings, lowest layer | 批内 InfoNCE / in-batch InfoNCE | 0.05 | 16 | 1 步 / 1 step | 0.0002 |',
      '| 2 | BitFit: `bias`, `layer.1` | 最低 2 层 / lowest 2 layers | sigmoid 成对损失 / sigmoid pairs | 0.07 | 由文件列出 / listed in a file | 2 轮 / 2 epochs | 0.001 |',
      '| 3 | 全参数 / full | 无 / none | 批内 InfoNCE / in-batch InfoNCE | 0.05 | 16 | 2 轮 / 2 epochs | 0.0002 |',
    ]);
    expect(about.some((line) => line.startsWith('- 温度') || line.startsWith('- 学习率'))).toBe(false);
    expect(section('Training').filter((line) => line.startsWith('|'))).toEqual([]);
  });
});
