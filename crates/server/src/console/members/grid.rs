//! Roles as a grid, module by grade, with Owner apart.
//!
//! A cell that whoever looks cannot give is dashed, with the reason; one that comes from the root organization is set and
//! cannot be unset here. The form carries along what was shown as given, so that saving it changes what the person
//! changed and nothing that somebody else has given meanwhile.

use crate::console::visit::Fields;
use app::{
    Problem,
    members::{RoleChange, read_roles},
};
use domain::{
    Role,
    policy::{Grade, HeldBy, Module},
};
use std::collections::{BTreeMap, BTreeSet};

/// What a cell can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It can be set and unset.
    Open,
    /// It comes from the root organization.
    Inherited,
    /// Whoever looks does not hold it.
    Lacking,
}

/// A role in the grid.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// The role.
    pub(crate) role: Role,
    /// Whether it is held, or ticked in a form that was sent.
    pub(crate) on: bool,
    /// Whether it was given here when the form was shown.
    pub(crate) given: bool,
    /// What it can do.
    pub(crate) reach: Reach,
}

impl Cell {
    /// Whether it can be ticked.
    pub(crate) fn is_open(&self) -> bool {
        self.reach == Reach::Open
    }

    /// Whether it comes from above.
    pub(crate) fn is_inherited(&self) -> bool {
        self.reach == Reach::Inherited
    }
}

/// One module.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Which.
    pub(crate) module: Module,
    /// By grade; none where the module has no such grade.
    pub(crate) cells: Vec<Option<Cell>>,
}

/// All roles.
#[derive(Debug, Clone)]
pub(crate) struct RoleGrid {
    /// Owner.
    pub(crate) owner: Cell,
    /// By module.
    pub(crate) rows: Vec<Row>,
    /// Who can give what is dashed: "Elin Vestergaard"; none where nothing is.
    pub(crate) who_can: Option<String>,
    /// Whether anything in it can be changed.
    pub(crate) is_open: bool,
}

/// The columns.
const GRADES: [Grade; 4] = [Grade::Manager, Grade::Operator, Grade::ExtOperator, Grade::Viewer];

impl RoleGrid {
    /// What somebody holds, as far as whoever looks could change it. `ticked` are the boxes of a form that was sent.
    pub(crate) fn new(held: &BTreeMap<Role, HeldBy>, in_reach: &BTreeSet<Role>, ticked: Option<&BTreeSet<Role>>, who_can: &str) -> Self {
        let cell = |role: Role| {
            let by = held.get(&role);
            let reach = match by {
                Some(HeldBy::Inheritance) => Reach::Inherited,
                _ if in_reach.contains(&role) => Reach::Open,
                _ => Reach::Lacking,
            };
            let on = match (ticked, reach) {
                (Some(ticked), Reach::Open) => ticked.contains(&role),
                _ => by.is_some(),
            };
            Cell {
                role,
                on,
                given: by == Some(&HeldBy::Membership),
                reach,
            }
        };
        let cells: Vec<_> = Role::ALL.into_iter().map(cell).collect();
        let rows = Module::ALL.into_iter().map(|module| Row {
            module,
            cells: GRADES
                .into_iter()
                .map(|grade| cells.iter().find(|cell| cell.role == Role::In(module, grade)).cloned())
                .collect(),
        });
        Self {
            owner: cell(Role::Owner),
            rows: rows.collect(),
            who_can: cells.iter().any(|cell| cell.reach == Reach::Lacking).then(|| who_can.to_owned()),
            is_open: cells.iter().any(Cell::is_open),
        }
    }
}

/// The boxes that were ticked.
///
/// # Errors
/// A problem at `roles` for a word that is no role.
pub(crate) fn ticked(fields: &Fields) -> Result<BTreeSet<Role>, Problem> {
    read_roles(fields.all("role"))
}

/// What a form that was sent changes of what was shown as given.
///
/// # Errors
/// As [`ticked`].
pub(crate) fn change(fields: &Fields) -> Result<RoleChange, Problem> {
    let (ticked, given) = (ticked(fields)?, read_roles(fields.all("given"))?);
    Ok(RoleChange::By {
        give: ticked.difference(&given).copied().collect(),
        take: given.difference(&ticked).copied().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEWER: Role = Role::In(Module::Signing, Grade::Viewer);
    const KEYS: Role = Role::In(Module::Credentials, Grade::Manager);

    #[test]
    fn a_cell_says_what_it_can_do() {
        let held = BTreeMap::from([(VIEWER, HeldBy::Inheritance), (KEYS, HeldBy::Membership)]);
        let grid = RoleGrid::new(&held, &BTreeSet::from([VIEWER, KEYS]), None, "Elin");
        let found = |role: Role| {
            let cells = grid.rows.iter().flat_map(|row| row.cells.iter().flatten());
            cells
                .clone()
                .find(|cell| cell.role == role)
                .map(|cell| (cell.on, cell.given, cell.reach))
        };
        assert_eq!(found(VIEWER), Some((true, false, Reach::Inherited)));
        assert_eq!(found(KEYS), Some((true, true, Reach::Open)));
        assert_eq!((grid.owner.on, grid.owner.reach), (false, Reach::Lacking));
        assert_eq!(grid.who_can.as_deref(), Some("Elin"));
        assert_eq!(
            grid.rows.iter().flat_map(|row| row.cells.iter().flatten()).count(),
            Role::ALL.len() - 1
        );
    }

    #[test]
    fn a_form_changes_what_was_changed_in_it() {
        let pairs = [
            ("role", "signing-viewer"),
            ("given", "credentials-manager"),
            ("given", "signing-viewer"),
        ];
        let fields: Fields = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        let expected = RoleChange::By {
            give: BTreeSet::new(),
            take: BTreeSet::from([KEYS]),
        };
        assert_eq!(change(&fields).unwrap(), expected);
        let odd: Fields = [("role".to_owned(), "emperor".to_owned())].into_iter().collect();
        assert_eq!(ticked(&odd).unwrap_err().fields[0].field, "roles");
    }
}
