//! The binary: starts [`fairc::cli`].

fn main() -> std::process::ExitCode {
    fairc::cli::main()
}
