"""PyTorch on the same card as the engine: training steps, encoding and exact search. Reads a task from standard input and prints a line of JSON
for each time. Exits with code 3 if there is no PyTorch with CUDA. Frozen: the engine is measured against it."""
import json
import sys
import time

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    sys.exit(3)
if not torch.cuda.is_available():
    sys.exit(3)

task = json.load(sys.stdin)
started = time.perf_counter()
device = "cuda"
torch.manual_seed(1)


class Layer(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        h, f = c["hiddenSize"], c["intermediateSize"]
        self.heads = c["heads"]
        self.qkv, self.out = torch.nn.Linear(h, 3 * h), torch.nn.Linear(h, h)
        self.up, self.down = torch.nn.Linear(h, f), torch.nn.Linear(f, h)
        self.norm1, self.norm2 = torch.nn.LayerNorm(h, 1e-12), torch.nn.LayerNorm(h, 1e-12)

    def forward(self, x):
        b, s, h = x.shape
        q, k, v = self.qkv(x).view(b, s, 3, self.heads, h // self.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, s, h)
        x = self.norm1(x + self.out(mixed))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class Bert(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        h = c["hiddenSize"]
        self.words, self.positions = torch.nn.Embedding(c["vocabularySize"], h), torch.nn.Embedding(c["maxPositions"], h)
        self.types, self.norm = torch.nn.Embedding(2, h), torch.nn.LayerNorm(h, 1e-12)
        self.layers = torch.nn.ModuleList(Layer(c) for _ in range(c["layers"]))
        for module in self.modules():
            if isinstance(module, (torch.nn.Linear, torch.nn.Embedding)):
                torch.nn.init.normal_(module.weight, std=0.02)

    def forward(self, ids):
        x = self.words(ids) + self.positions.weight[: ids.shape[1]] + self.types.weight[0]
        x = self.norm(x)
        for layer in self.layers:
            x = layer(x)
        return F.normalize(x.float().mean(1), dim=-1)


def expired():
    return time.perf_counter() - started > task["limitSeconds"]


def tell(name, precision, work, rounds=15, warm=4):
    if expired():
        return
    for _ in range(warm):
        work()
    times = []
    for _ in range(rounds):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        work()
        torch.cuda.synchronize()
        times.append((time.perf_counter() - begin) * 1000)
        if expired():
            break
    times.sort()
    print(json.dumps({"task": name, "precision": precision, "medianMs": times[(len(times) - 1) // 2], "minMs": times[0]}), flush=True)


def set_precision(precision):
    tf32 = precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    return torch.autocast(device, dtype=torch.bfloat16, enabled=precision == "bf16")


def ids(lengths, c):
    # Texts of one length, as in the engine's tasks; the demo's are padded to the longest.
    return torch.randint(0, c["vocabularySize"], (len(lengths), max(lengths)), device=device)


def step(model, optimizer, c, size, precision):
    with set_precision(precision):
        anchors, positives = model(ids(size["texts"]["anchors"], c)), model(ids(size["texts"]["positives"], c))
        loss = F.cross_entropy(anchors @ positives.T / 0.05, torch.arange(len(anchors), device=device))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    loss.item()


for c, sizes in ((task["model"], task["steps"]), (task["demo"], [task["demoStep"]])):
    model = Bert(c).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
    for size in sizes:
        for precision in ("fp32", "tf32", "bf16"):
            tell(size["task"], precision, lambda: step(model, optimizer, c, size, precision))
    del optimizer
    if c is task["model"]:
        encoder = model

c, e = task["model"], task["encode"]
texts = torch.randint(0, c["vocabularySize"], (e["texts"], e["tokens"]))
for precision in ("fp32", "tf32", "bf16"):

    def encode():
        with torch.no_grad(), set_precision(precision):
            torch.cat([encoder(batch.to(device)) for batch in texts.split(128)]).cpu()

    tell("encode", precision, encode, rounds=5, warm=2)

s = task["search"]
passages = F.normalize(torch.randn(s["passages"], s["width"]), dim=-1)
queries = F.normalize(torch.randn(s["queries"], s["width"]), dim=-1)
set_precision("fp32")


def search(table):
    (queries.to(device) @ table.to(device).T).topk(s["k"])[1].cpu()


tell("search", "fp32", lambda: search(passages), rounds=5, warm=2)
resident = passages.to(device)
tell("search, vectors on the card", "fp32", lambda: search(resident), rounds=5, warm=2)
