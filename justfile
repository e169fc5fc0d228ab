# Shorthands; each calls what the tests call too. `just --list` shows them.

# Runs a demonstration server with a sample already pushed.
run:
    cargo run --release -- demo

# Tests everything, or one part: lint, rust, browser, judges, ha, soak.
test part="all":
    scripts/test {{ part }}

# Formatting, clippy, licences.
lint: (test "lint")

# Known vulnerabilities in what we stand on; needs the network.
audit:
    scripts/install lint
    target/tools/bin/cargo-deny check advisories

# Pushes and statuses by connections, size, nodes and type, beside the floor: all of it (an hour), or a few minutes of it: quick.
bench preset="full":
    cargo build --profile dist --package tenure --package tenure-bench
    target/dist/tenure-bench run {{ preset }} --repository .

# Two servers under everything that can go wrong, for so many seconds.
soak seconds="1200":
    cargo build --profile dist --package tenure
    scripts/soak target/dist/tenure {{ seconds }}

# Lets a fuzz target search for a while; needs a nightly toolchain and cargo-fuzz.
fuzz target seconds="60":
    CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_STRIP=none cargo +nightly fuzz run {{ target }} -- -max_total_time={{ seconds }}

# Pictures of every page, light and dark, phone and desktop, in target/screenshots.
screenshots:
    scripts/install browser
    cargo build --workspace --all-targets
    npm --prefix browser run screenshots
