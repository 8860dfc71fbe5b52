import * as tf from '@tensorflow/tfjs-core';
import { besideEachOther, ownColumns, rowProducts } from './products';
import { target, type VectorLoss } from './vectorLoss';

export interface DistillationOptions {
  studentTemperature: number;
  teacherTemperature: number;
}

/**
 * Distillation from a teacher's scores (Lin et al., arXiv 2010.11386, section 3.2; sentence-transformers'
 * DistillKLDivLoss). For each anchor, the student's distribution over its positive and its k − 1 explicit negatives
 * should be the teacher's: L = T_s² · mean_i KL(softmax(t_i / T_t) ‖ softmax(s_i / T_s)), with cosines s and teacher
 * scores t, [B, k] each.
 */
export function distillation({ studentTemperature, teacherTemperature }: DistillationOptions): VectorLoss {
  return {
    targets: ['teacherScores'],
    value(inputs, constants) {
      const { anchors, candidates } = inputs;
      const teacher = target(inputs, 'teacherScores'); // [B, k]
      const [B] = anchors.shape;
      const columns = ownColumns(anchors, candidates).map((texts) => rowProducts(anchors, texts)); // [B] each
      const cosines = besideEachOther(columns); // [B, k]
      const divergences = divergence(
        tf.mul(teacher, constants.number(1 / teacherTemperature)),
        tf.mul(cosines, constants.number(1 / studentTemperature)),
      );
      return tf.mul(divergences, constants.number(studentTemperature ** 2 / B));
    },
    measures: [],
  };
}

/**
 * Returns Σ_i KL(softmax(teacher_i) ‖ softmax(student_i)) over the rows of [B, k]. Defines its own gradient, which
 * exists only for the student: softmax(student) − softmax(teacher).
 */
function divergence(teacher: tf.Tensor2D, student: tf.Tensor2D): tf.Scalar {
  const wanted = tf.sub(teacher, tf.logSumExp(teacher, 1, true)); // [B, k], log softmax
  const shares = tf.exp(wanted); // [B, k]
  const composed = tf.customGrad((...inputs) => {
    const [student, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    const own = tf.sub(student, tf.logSumExp(student, 1, true)); // [B, k], log softmax
    save([own, shares]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [own, shares] = saved as [tf.Tensor, tf.Tensor];
      return tf.mul(dy, tf.sub(tf.exp(own), shares));
    };
    return { value: tf.sum(tf.mul(shares, tf.sub(wanted, own))), gradFunc };
  });
  return composed(student) as tf.Scalar;
}
