//! `russet testflight`: groups, testers, what they read, and a build on its way to them.

mod told;

use crate::{
    Exit, Failure,
    client::{Client, segment},
    operation::{Wait, refused},
    output::{Printer, plain, table},
};
use clap::{Args, Subcommand, ValueEnum};
use std::{
    io::Read,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use told::{told_build, told_group, told_info, told_testers};

/// How often beta review is looked at while somebody waits for it: it takes hours, at times a day.
const REVIEW_EVERY: Duration = Duration::from_secs(30);

/// `russet testflight`
#[derive(Debug, Subcommand)]
pub enum TestFlight {
    /// Groups of testers
    #[command(subcommand)]
    Groups(Groups),
    /// Testers
    #[command(subcommand)]
    Testers(Testers),
    /// What testers and beta review read of an app
    #[command(subcommand)]
    Info(Info),
    /// Show a build: who gets it, "What to Test", how far beta review is
    Build {
        #[command(flatten)]
        of: Of,
        /// Build number, "1.0 (42)", or Apple's id
        build: String,
    },
    /// Bring a build to its testers: compliance, "What to Test", groups, beta review
    Submit(Box<Submit>),
    /// Expire a build: it is taken from all testers, for good
    Expire {
        #[command(flatten)]
        of: Of,
        /// Build number, "1.0 (42)", or Apple's id
        build: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        wait: Wait,
    },
}

/// Which app, through which key.
#[derive(Debug, Clone, Args)]
pub struct Of {
    /// Bundle identifier of the app
    app: String,
    /// API key, by id or name
    #[arg(long, value_name = "KEY")]
    key: String,
}

/// `russet testflight groups`
#[derive(Debug, Subcommand)]
pub enum Groups {
    /// List the groups of an app
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Show a group with its testers and builds
    Show {
        #[command(flatten)]
        of: Of,
        /// Name, or Apple's id
        group: String,
    },
    /// Make a group
    Create {
        #[command(flatten)]
        of: Of,
        /// Its name, unique in the app
        name: String,
        /// Its testers are members of the team; it cannot be changed later
        #[arg(long)]
        internal: bool,
        /// It gets every build by itself; internal groups only
        #[arg(long, requires = "internal")]
        all_builds: bool,
        #[command(flatten)]
        wait: Wait,
    },
    /// Rename a group, or change its public link and its feedback
    Edit {
        #[command(flatten)]
        of: Of,
        /// Name, or Apple's id
        group: String,
        /// A new name
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Whether whoever has the public link can join
        #[arg(long, value_name = "on|off")]
        public_link: Option<Switch>,
        /// How many can join by the public link; 0 for as many as Apple lets
        #[arg(long, value_name = "NUMBER")]
        public_link_limit: Option<u32>,
        /// Whether its testers can send feedback
        #[arg(long, value_name = "on|off")]
        feedback: Option<Switch>,
        #[command(flatten)]
        wait: Wait,
    },
    /// Delete a group: its testers lose the builds that they have through it
    Delete {
        #[command(flatten)]
        of: Of,
        /// Name, or Apple's id
        group: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        wait: Wait,
    },
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On
    On,
    /// Off
    Off,
}

/// `russet testflight testers`
#[derive(Debug, Subcommand)]
pub enum Testers {
    /// List the testers of an app with their groups
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Put testers into a group; who is no tester of the app yet is invited
    Add {
        #[command(flatten)]
        of: Of,
        /// E-mail address; several may be named
        emails: Vec<String>,
        /// Into which group, by name or Apple's id
        #[arg(long, value_name = "GROUP")]
        group: String,
        /// Given name, of one tester
        #[arg(long, value_name = "NAME")]
        first_name: Option<String>,
        /// Family name, of one tester
        #[arg(long, value_name = "NAME")]
        last_name: Option<String>,
        /// A CSV file: e-mail address, given name, family name; "-" reads standard input
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Leave lines of the file out that do not fit, instead of stopping
        #[arg(long)]
        leave_out_faulty: bool,
        #[command(flatten)]
        wait: Wait,
    },
    /// Take a tester out of a group, or away from the app
    Remove {
        #[command(flatten)]
        of: Of,
        /// E-mail address
        tester: String,
        /// Out of this group only, by name or Apple's id
        #[arg(long, value_name = "GROUP")]
        group: Option<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        wait: Wait,
    },
    /// Have Apple send the invitation again
    Invite {
        #[command(flatten)]
        of: Of,
        /// E-mail address
        tester: String,
        #[command(flatten)]
        wait: Wait,
    },
}

/// `russet testflight info`
#[derive(Debug, Subcommand)]
pub enum Info {
    /// Show what testers and beta review read
    Show {
        #[command(flatten)]
        of: Of,
    },
    /// Write what testers read, in one language
    Set {
        #[command(flatten)]
        of: Of,
        /// The language, such as en-US
        #[arg(long, value_name = "LOCALE", default_value = "en-US")]
        locale: String,
        /// Where feedback goes
        #[arg(long, value_name = "EMAIL")]
        feedback_email: Option<String>,
        /// The app's page
        #[arg(long, value_name = "URL")]
        marketing_url: Option<String>,
        /// The page about privacy
        #[arg(long, value_name = "URL")]
        privacy_policy_url: Option<String>,
        /// The description; @FILE reads it from a file
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        #[command(flatten)]
        wait: Wait,
    },
    /// Write whom beta review asks, and how it signs in
    Review {
        #[command(flatten)]
        of: Of,
        /// Given name of whom to ask
        #[arg(long, value_name = "NAME")]
        first_name: Option<String>,
        /// Family name
        #[arg(long, value_name = "NAME")]
        last_name: Option<String>,
        /// Telephone number with its country, such as "+47 69 00 00 00"
        #[arg(long, value_name = "NUMBER")]
        phone: Option<String>,
        /// E-mail address
        #[arg(long, value_name = "EMAIL")]
        email: Option<String>,
        /// Whether one must sign in to review the app
        #[arg(long, value_name = "on|off")]
        sign_in: Option<Switch>,
        /// The account to sign in with
        #[arg(long, value_name = "NAME")]
        demo_account: Option<String>,
        /// Read its password from standard input
        #[arg(long)]
        demo_password_stdin: bool,
        /// What else there is to know; @FILE reads it from a file
        #[arg(long, value_name = "TEXT")]
        notes: Option<String>,
    },
    /// Write the license agreement that testers accept
    License {
        #[command(flatten)]
        of: Of,
        /// A file with the text; an empty one for Apple's own agreement
        file: PathBuf,
        #[command(flatten)]
        wait: Wait,
    },
}

/// `russet testflight submit`
#[derive(Debug, Args)]
pub struct Submit {
    #[command(flatten)]
    of: Of,
    /// Build number, "1.0 (42)", or Apple's id
    #[arg(long, value_name = "BUILD")]
    build: String,
    /// Give it to this group, by name or Apple's id; may be repeated
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// "What to Test" in one language, LOCALE=TEXT or LOCALE=@FILE; may be repeated
    #[arg(long = "what-to-test", value_name = "LOCALE=TEXT")]
    what_to_test: Vec<String>,
    /// Answer export compliance; Apple takes one answer
    #[arg(long, value_name = "ANSWER")]
    export_compliance: Option<Compliance>,
    /// Hand it in for beta review, which external testers need
    #[arg(long)]
    review: bool,
    /// Tell the testers, where they are not told by themselves
    #[arg(long)]
    notify: bool,
    /// Minutes to wait for beta review, also of what was handed in before; 0 for none
    #[arg(long, value_name = "MINUTES", default_value_t = 0)]
    wait_for_review: u64,
    #[command(flatten)]
    wait: Wait,
}

/// The answer about export compliance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compliance {
    /// It uses no encryption, or encryption that is exempt
    Exempt,
    /// It uses encryption that is not exempt
    NonExempt,
}

impl Of {
    async fn address(&self, client: &Client) -> Result<String, Failure> {
        let home = client.home().await?;
        Ok(format!(
            "{home}/keys/{}/apps/{}/test-flight",
            segment(&self.key),
            segment(&self.app)
        ))
    }

    /// Has it done, waits for the end, and tells what became of each.
    async fn change(&self, client: &Client, printer: &Printer, wait: Wait, changes: Vec<api::TestingChange>) -> Result<Exit, Failure> {
        let address = self.address(client).await?;
        let home = client.home().await?;
        let request = api::TestingChanges { changes };
        let begun: api::Operation = client.post_once(&format!("{address}/changes"), &request).await?;
        let over = wait
            .until_over_at(client, printer, &format!("{home}/test-flight-changes"), begun)
            .await?;
        if over.steps.len() > 1 {
            for step in &over.steps {
                let mark = if step.state == "done" { "done" } else { "not done" };
                printer.hint(&format!("{}: {mark}", plain(&step.title)));
            }
        }
        if over.state != "done" {
            return Err(refused(over));
        }
        printer.show(&over, |over| plain(&over.message));
        Ok(Exit::Ok)
    }
}

impl TestFlight {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        match self {
            Self::Groups(groups) => groups.run(client, printer).await,
            Self::Testers(testers) => testers.run(client, printer).await,
            Self::Info(info) => info.run(client, printer).await,
            Self::Build { of, build } => {
                let path = format!("{}/builds/{}", of.address(client).await?, segment(&build));
                let found: api::BuildInTesting = client.get(&path, &[]).await?;
                printer.show(&found, told_build);
                Ok(Exit::Ok)
            }
            Self::Submit(submit) => submit.run(client, printer).await,
            Self::Expire { of, build, yes, wait } => {
                sure(
                    yes,
                    &format!("Expire {build} of {}? All testers lose it, and it cannot be undone.", of.app),
                )?;
                of.change(client, printer, wait, vec![api::TestingChange::ExpireBuild { build }])
                    .await
            }
        }
    }
}

impl Groups {
    async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        use api::TestingChange as Change;
        match self {
            Self::List { of } => {
                let found: api::TestingGroups = client.get(&format!("{}/groups", of.address(client).await?), &[]).await?;
                printer.show(&found, |found| {
                    table(
                        &["name", "testers are", "builds", "public link", "id"],
                        found.items.iter().map(|group| {
                            vec![
                                group.name.clone(),
                                if group.internal { "internal" } else { "external" }.to_owned(),
                                if group.all_builds { "all, by itself" } else { "those given" }.to_owned(),
                                group.public_link.clone().unwrap_or_default(),
                                group.id.clone(),
                            ]
                        }),
                    )
                });
                Ok(Exit::Ok)
            }
            Self::Show { of, group } => {
                let path = format!("{}/groups/{}", of.address(client).await?, segment(&group));
                let found: api::TestingGroupDetails = client.get(&path, &[]).await?;
                printer.show(&found, told_group);
                Ok(Exit::Ok)
            }
            Self::Create {
                of,
                name,
                internal,
                all_builds,
                wait,
            } => {
                let change = Change::CreateGroup {
                    name,
                    internal,
                    all_builds,
                };
                of.change(client, printer, wait, vec![change]).await
            }
            Self::Edit {
                of,
                group,
                name,
                public_link,
                public_link_limit,
                feedback,
                wait,
            } => {
                let is_on = |switch: Switch| switch == Switch::On;
                let change = Change::ChangeGroup {
                    group,
                    rename_to: name,
                    public_link: public_link.map(is_on),
                    public_link_limit,
                    feedback: feedback.map(is_on),
                };
                of.change(client, printer, wait, vec![change]).await
            }
            Self::Delete { of, group, yes, wait } => {
                sure(
                    yes,
                    &format!(
                        "Delete the group “{group}” of {}? Its testers lose the builds that they have through it.",
                        of.app
                    ),
                )?;
                of.change(client, printer, wait, vec![Change::DeleteGroup { group }]).await
            }
        }
    }
}

impl Testers {
    async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        use api::TestingChange as Change;
        match self {
            Self::List { of } => {
                let found: api::Testers = client.get(&format!("{}/testers", of.address(client).await?), &[]).await?;
                printer.show(&found, |found| told_testers(&found.items));
                Ok(Exit::Ok)
            }
            Self::Add {
                of,
                emails,
                group,
                first_name,
                last_name,
                file,
                leave_out_faulty,
                wait,
            } => {
                if emails.is_empty() && file.is_none() {
                    return Err(Failure::new(
                        Exit::Usage,
                        "Nobody is named. Give an e-mail address, or a list with --file.",
                    ));
                }
                if emails.len() > 1 && (first_name.is_some() || last_name.is_some()) {
                    return Err(Failure::new(
                        Exit::Usage,
                        "A name belongs to one tester. Give several with their names in a list with --file.",
                    ));
                }
                let mut changes: Vec<_> = emails
                    .into_iter()
                    .map(|email| Change::AddTester {
                        group: group.clone(),
                        email,
                        first_name: first_name.clone(),
                        last_name: last_name.clone(),
                    })
                    .collect();
                if let Some(file) = file {
                    changes.push(Change::AddTesters {
                        group,
                        file: text_of_file(&file)?,
                        leave_out_faulty,
                    });
                }
                of.change(client, printer, wait, changes).await
            }
            Self::Remove {
                of,
                tester,
                group,
                yes,
                wait,
            } => {
                if group.is_none() {
                    sure(yes, &format!("Take {tester} away from {}, with all its groups and builds?", of.app))?;
                }
                of.change(client, printer, wait, vec![Change::RemoveTester { tester, group }]).await
            }
            Self::Invite { of, tester, wait } => of.change(client, printer, wait, vec![Change::Invite { tester }]).await,
        }
    }
}

impl Info {
    async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        use api::TestingChange as Change;
        match self {
            Self::Show { of } => {
                let found: api::BetaInfo = client.get(&format!("{}/info", of.address(client).await?), &[]).await?;
                printer.show(&found, told_info);
                Ok(Exit::Ok)
            }
            Self::Set {
                of,
                locale,
                feedback_email,
                marketing_url,
                privacy_policy_url,
                description,
                wait,
            } => {
                let change = Change::DescribeApp {
                    locale,
                    feedback_email,
                    marketing_url,
                    privacy_policy_url,
                    description: description.map(text_or_file).transpose()?,
                };
                of.change(client, printer, wait, vec![change]).await
            }
            Self::Review {
                of,
                first_name,
                last_name,
                phone,
                email,
                sign_in,
                demo_account,
                demo_password_stdin,
                notes,
            } => {
                let demo_password = match demo_password_stdin {
                    true => Some(text_of_file(Path::new("-"))?.trim_end_matches(['\r', '\n']).to_owned()),
                    false => None,
                };
                let details = api::NewBetaReviewDetails {
                    first_name,
                    last_name,
                    phone,
                    email,
                    sign_in_required: sign_in.map(|switch| switch == Switch::On),
                    demo_account,
                    demo_password,
                    notes: notes.map(text_or_file).transpose()?,
                };
                let path = format!("{}/review-details", of.address(client).await?);
                client.put_nothing(&path, &details).await?;
                printer.hint(&format!("Apple has the beta review details of {}.", of.app));
                Ok(Exit::Ok)
            }
            Self::License { of, file, wait } => {
                let text = text_of_file(&file)?;
                of.change(client, printer, wait, vec![Change::SetLicense { text }]).await
            }
        }
    }
}

impl Submit {
    async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        use api::TestingChange as Change;
        let build = self.build;
        let mut changes = Vec::new();
        if let Some(answer) = self.export_compliance {
            changes.push(Change::AnswerCompliance {
                build: build.clone(),
                uses_encryption: answer == Compliance::NonExempt,
            });
        }
        for text in self.what_to_test {
            let Some((locale, text)) = text.split_once('=') else {
                return Err(Failure::new(
                    Exit::Usage,
                    format!("“{text}” names no language. Write --what-to-test en-US=\"Try the new timetable\", or en-US=@notes.txt."),
                ));
            };
            changes.push(Change::Describe {
                build: build.clone(),
                locale: locale.to_owned(),
                text: text_or_file(text.to_owned())?,
            });
        }
        for group in self.groups {
            changes.push(Change::GiveBuild {
                group,
                build: build.clone(),
            });
        }
        if self.review {
            changes.push(Change::SubmitForReview { build: build.clone() });
        }
        if self.notify {
            changes.push(Change::Notify { build: build.clone() });
        }
        if changes.is_empty() && self.wait_for_review == 0 {
            return Err(Failure::new(
                Exit::Usage,
                "Nothing was asked for. Name at least one of --group, --what-to-test, --export-compliance, --review and --notify.",
            ));
        }
        if !changes.is_empty() {
            match self.of.change(client, printer, self.wait, changes).await {
                // A job that is run again asks for what is so already.
                Err(failure) if failure.problem.as_ref().is_some_and(|problem| problem.code == "nothing_to_change") => {
                    printer.hint(&format!("russet: {build} has all of this already."));
                }
                changed => drop(changed?),
            }
        }
        if self.wait_for_review == 0 {
            return Ok(Exit::Ok);
        }
        follow_review(client, printer, &self.of, &build, self.wait_for_review).await
    }
}

/// Waits until beta review has decided.
async fn follow_review(client: &Client, printer: &Printer, of: &Of, build: &str, minutes: u64) -> Result<Exit, Failure> {
    let path = format!("{}/builds/{}", of.address(client).await?, segment(build));
    let bar = printer.progress("Waiting for beta review");
    let began = Instant::now();
    loop {
        let found: api::BuildInTesting = client.get(&path, &[]).await?;
        bar.set_message(found.build.state.clone());
        match found.review.as_deref() {
            Some("APPROVED") => {
                bar.finish_and_clear();
                printer.show(&found, told_build);
                return Ok(Exit::Ok);
            }
            Some("REJECTED") => {
                bar.finish_and_clear();
                return Err(Failure::new(
                    Exit::AppleRefused,
                    "Beta review refused the build. Apple tells why in App Store Connect and by mail.",
                ));
            }
            Some(_) => {}
            None => {
                bar.finish_and_clear();
                return Err(Failure::new(
                    Exit::Conflict,
                    "The build was not handed in for beta review, so there is nothing to wait for. Give --review.",
                ));
            }
        }
        if began.elapsed().as_secs() >= minutes * 60 {
            bar.finish_and_clear();
            return Err(Failure::new(
                Exit::AppleTimedOut,
                format!("Beta review has not decided in {minutes} minutes. “russet testflight build” tells how far it is."),
            ));
        }
        tokio::time::sleep(REVIEW_EVERY).await;
    }
}

fn sure(yes: bool, question: &str) -> Result<(), Failure> {
    if yes || crate::output::confirmed(question)? {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Usage,
        "Nothing was changed. Give --yes to go on without being asked.",
    ))
}

/// A text as it was given, or the content of `@FILE`.
fn text_or_file(text: String) -> Result<String, Failure> {
    match text.strip_prefix('@') {
        Some(file) => text_of_file(Path::new(file)),
        None => Ok(text),
    }
}

fn text_of_file(path: &Path) -> Result<String, Failure> {
    let unread = |error: std::io::Error| Failure::new(Exit::Usage, format!("{} cannot be read as text: {error}.", path.display()));
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(unread)?;
        return Ok(text);
    }
    std::fs::read_to_string(path).map_err(unread)
}
