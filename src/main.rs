//! The `meshward` binary.

/// Requests allocate on one thread and free on another; the system's allocator is slow at that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    meshward::cli::run()
}
