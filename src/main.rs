//! The binary: starts [`fairc::cli`].

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    fairc::cli::main()
}
