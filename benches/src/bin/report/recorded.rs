//! The recorded results.

use std::error::Error;
use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use tokenlatch_benches::results::{Device, Emulated, Footprint, Host, Load, Lookups, Symbols};

/// The last run of each program.
pub(crate) struct Recorded {
    pub(crate) hosts: [Host; 4],
    pub(crate) device: Device,
    pub(crate) symbols: Symbols,
    pub(crate) emulated: Emulated,
    pub(crate) footprint: Footprint,
    pub(crate) lookups: Lookups,
    pub(crate) load: Load,
}

impl Recorded {
    pub(crate) fn read(benches: &Path) -> Result<Self, Box<dyn Error>> {
        let results = benches.join("results");
        Ok(Self {
            hosts: [
                read(&results, "openssl")?,
                read(&results, "boring")?,
                read(&results, "without_ifma")?,
                read(&results, "portable")?,
            ],
            device: read(&results, "device")?,
            symbols: read(&results, "symbols")?,
            emulated: read(&results, "emulated")?,
            footprint: read(&benches.join("device"), "footprint")?,
            lookups: read(&results, "lookups")?,
            load: read(&results, "load")?,
        })
    }
}

fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T, String> {
    let path = folder.join(name).with_extension("json");
    let complain = |error: &dyn Error| format!("{}: {error}", path.display());
    let text = fs::read_to_string(&path).map_err(|error| complain(&error))?;
    serde_json::from_str(&text).map_err(|error| complain(&error))
}
