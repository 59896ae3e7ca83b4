//! The steps: each is tried by somebody on the real application, and told to the reference. What they answer must be the
//! same.

mod members;
mod sharing;
mod tokens;

use super::{Both, reference::Roles};
use domain::Origin;

/// Their names.
pub(crate) const KINDS: [&str; 21] = [
    "share",
    "un-share",
    "use a key",
    "change roles",
    "remove a member",
    "leave",
    "invite",
    "send an invitation again",
    "revoke an invitation",
    "accept an invitation",
    "make a token",
    "change a token",
    "rotate a token",
    "revoke a token",
    "make a personal token",
    "revoke a personal token",
    "make a sub-organization",
    "delete a sub-organization",
    "share and un-share",
    "come in",
    "look at an invitation",
];

const DAY: u32 = 24 * 3600;

/// What was tried, what was answered.
type Told = (&'static str, &'static str);

/// A token that has ended was tried, and nobody was let in by it.
const NOBODY: Told = ("come in", "no");

fn words(these: &Roles) -> Vec<String> {
    these.iter().map(|word| (*word).to_owned()).collect()
}

impl Both {
    /// One step.
    pub(crate) async fn step(&mut self) -> Told {
        if self.dice.below(1_500) == 0 {
            return self.days_pass().await;
        }
        match self.dice.below(30) {
            0..=3 => self.share("share").await,
            4 | 5 => self.share("un-share").await,
            6 => self.share("share and un-share").await,
            7 | 8 => self.use_key().await,
            9..=12 => self.change_roles().await,
            13 => self.remove().await,
            14 => self.leave().await,
            15..=17 => self.invite().await,
            18 => self.send_again().await,
            19 => self.revoke_invitation().await,
            20 | 21 => self.accept().await,
            22 | 23 => self.make_token().await,
            24 => self.change_token().await,
            25 => self.rotate_or_revoke_token().await,
            26 => self.personal_token().await,
            27 => self.make_sub().await,
            28 => self.delete_sub().await,
            _ => {
                let seconds = self.dice.seconds(200);
                self.advance(seconds);
                ("come in", "yes")
            }
        }
    }

    /// Sessions end, and what was made to last for days.
    async fn days_pass(&mut self) -> Told {
        let days = 1 + self.dice.seconds(20);
        self.advance(days * i64::from(DAY));
        for person in &self.people {
            let idle = self.world.app().by_session(&person.cookie, Origin::default()).await.unwrap();
            assert!(idle.is_none(), "a session that was idle for {days} days opens nothing");
        }
        self.everybody_signs_in().await;
        ("days pass", "yes")
    }

    fn agree(&mut self, kind: &'static str, really: &'static str, foretold: &'static str, detail: String) -> Told {
        if self.trail.last.len() >= super::TOLD {
            self.trail.last.pop_front();
        }
        let line = format!("{:>6} {kind}: {really}. {detail}", self.trail.step);
        self.trail.last.push_back(line);
        assert_eq!(really, foretold, "really, and foretold, for “{kind}”: {detail}");
        (kind, really)
    }

    fn in_a_while(&mut self) -> i64 {
        let bound = if self.dice.in_ten(1) {
            40 * DAY
        } else {
            self.dice.one(&[300, 1_000, 3_000])
        };
        self.reference.now + 1 + self.dice.seconds(bound)
    }

    fn some_roles(&mut self, of: &[&'static str]) -> Roles {
        let many = 1 + self.dice.below(2);
        (0..many).map(|_| self.dice.one(of)).collect()
    }
}
