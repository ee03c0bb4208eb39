//! The catalogue of figures: everything that an expectation can refer to.

mod coordination;
mod fleet;
mod load;

use super::definition::Definition;

/// The figure called `name`.
pub fn definition(name: &str) -> Option<&'static Definition> {
    CATALOGUE.iter().find(|known| known.name == name)
}

/// All figures.
pub const CATALOGUE: &[Definition] = &ALL;

const ALL: [Definition; NUMBER] = {
    let mut all = [load::FIGURES[0]; NUMBER];
    let mut place = 0;
    let mut part = 0;
    while part < PARTS.len() {
        let mut next = 0;
        while next < PARTS[part].len() {
            all[place] = PARTS[part][next];
            place += 1;
            next += 1;
        }
        part += 1;
    }
    all
};

const PARTS: [&[Definition]; 3] = [load::FIGURES, fleet::FIGURES, coordination::FIGURES];

const NUMBER: usize = load::FIGURES.len() + fleet::FIGURES.len() + coordination::FIGURES.len();
