"""BERT in PyTorch as the engine computes it: without pooler and without dropout."""

from transformers import BertConfig, BertModel


def bert(c):
    """Returns a model with random weights. `c` has the sizes by the names of EncoderConfig in src/domain/model.ts."""
    config = BertConfig(
        vocab_size=c['vocabularySize'],
        hidden_size=c['hiddenSize'],
        num_hidden_layers=c['layers'],
        num_attention_heads=c['heads'],
        intermediate_size=c['intermediateSize'],
        max_position_embeddings=c['maxPositions'],
        type_vocab_size=c['typeVocabularySize'],
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        layer_norm_eps=c['layerNormEpsilon'],
    )
    model = BertModel(config, add_pooling_layer=False).eval()
    model.set_attn_implementation('eager')
    return model
