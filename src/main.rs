//! The `meshward` binary.

fn main() -> std::process::ExitCode {
    meshward::cli::run()
}
