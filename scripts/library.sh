# The packages that other people's services use; read by the scripts beside this file.

# Names of the library's packages that exist, the ones others depend on first.
library_packages() {
  local manifest
  for manifest in crates/fusebox/Cargo.toml crates/fusebox-*/Cargo.toml; do
    [ -f "$manifest" ] && basename "$(dirname "$manifest")"
  done
}
