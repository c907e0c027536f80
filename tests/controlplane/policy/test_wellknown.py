from controlplane.policy.wellknown import MODELS


def test_what_the_well_known_models_read():
    reads = {model.id: model.input_types for model in MODELS["kiro"]}
    assert {types for name, types in reads.items() if name.startswith(("claude-", "gpt-"))} == {("text", "image")}
    assert {name for name, types in reads.items() if types == ("text",)} == {"deepseek-3.2", "minimax-m2.5", "minimax-m2.1", "glm-5"}
    assert reads["qwen3-coder-next"] == (), "nobody said"
