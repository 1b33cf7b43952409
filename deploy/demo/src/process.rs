//! The seven processes and where they listen.

use std::{fmt, str::FromStr};

/// One process of the shop. Its name is its `service.name` and its host name in the others' URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    Gateway,
    Auth,
    Order,
    Inventory,
    Payment,
    Notification,
    Load,
}

/// The names of all processes, in the order in which they listen from the base port on.
pub const PROCESSES: &[&str] = &["gateway", "auth", "order", "inventory", "payment", "notification", "load"];

/// Ports from the base port on: one for every process, and one for the third party in `payment`.
pub(crate) const PORT_COUNT: u16 = PROCESSES.len() as u16 + 1;

impl Process {
    pub(crate) const ALL: [Process; 7] = [
        Process::Gateway,
        Process::Auth,
        Process::Order,
        Process::Inventory,
        Process::Payment,
        Process::Notification,
        Process::Load,
    ];

    pub(crate) fn name(self) -> &'static str {
        PROCESSES[self as usize]
    }

    /// How far its port lies above the base port.
    pub(crate) fn port_offset(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Process {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> anyhow::Result<Self> {
        Process::ALL.into_iter().find(|process| process.name() == name).ok_or_else(|| {
            anyhow::anyhow!("the shop has no process {name:?}; it has {}", PROCESSES.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_process() {
        for (index, name) in PROCESSES.iter().enumerate() {
            let process: Process = name.parse().unwrap();
            assert_eq!((process.name(), usize::from(process.port_offset())), (*name, index));
        }
        let error = "cart".parse::<Process>().unwrap_err().to_string();
        assert!(error.contains("cart") && error.contains("gateway, auth"), "{error}");
    }
}
