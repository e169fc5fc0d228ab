# Shortcuts for the scripts that the tests use too. `just --list` shows them.

# Runs a demonstration server with a sample already pushed.
run:
    cargo run --release -- demo

# Tests everything, or one part: lint, rust, browser, interop, ha, soak.
test part="all":
    scripts/test {{ part }}

# Checks formatting, clippy and licences.
lint: (test "lint")

# Checks dependencies for known vulnerabilities; needs the network.
audit:
    scripts/install lint
    target/tools/bin/cargo-deny check advisories

# Benchmarks pushes and statuses against the floor: full takes an hour, quick a few minutes.
bench preset="full":
    cargo build --profile dist --package tenure --package tenure-bench
    target/dist/tenure-bench run {{ preset }} --repository .

# Runs two servers under injected failures for this many seconds.
soak seconds="1200":
    cargo build --profile dist --package tenure
    scripts/soak target/dist/tenure {{ seconds }}

# Runs a fuzz target; needs a nightly toolchain and cargo-fuzz.
fuzz target seconds="60":
    CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_STRIP=none cargo +nightly fuzz run {{ target }} -- -max_total_time={{ seconds }}

# Saves screenshots of every page, light and dark, phone and desktop, in target/screenshots.
screenshots:
    scripts/install browser
    cargo build --workspace --all-targets
    npm --prefix browser run screenshots
