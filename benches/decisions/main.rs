//! What a decision costs: in process, through gRPC against an RPC that answers a constant, listings, and snapshots. Every figure is
//! printed beside what it is compared with, measured in the same run; `docs/benchmarks.md` tells how to read them.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark that meets what it did not expect ends"
)]

mod attributes;
mod documents;
mod grpc;
mod in_process;
mod listing;
mod measure;
mod mesh;
mod snapshot;
mod swap;
mod wire;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // `cargo bench -- grpc` runs those whose name begins so.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let parts: [(&str, fn()); 8] = [
        ("documents", documents::run),
        ("in-process", in_process::run),
        ("attributes", attributes::run),
        ("grpc", grpc::run),
        ("listing", listing::run),
        ("listing", listing::run_through_grpc),
        ("snapshot", snapshot::run),
        ("swap", swap::run),
    ];
    for (name, run) in parts {
        if wanted.is_empty() || wanted.iter().any(|wanted| name.starts_with(wanted.as_str())) {
            run();
        }
    }
}
