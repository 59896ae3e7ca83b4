//! A simulated Apple, a database, the application, and an Owner who is signed in.

use crate::{Mailbox, Receiver, entropy::Seeded, postgres::Database};
use app::{
    App, Parts,
    accounts::{SetUp, SignedIn},
    binaries::{Begun, NewBinary, Storage},
    crash_point::CrashPoints,
    keys::NewKey,
    mail::Mailer,
    outgoing::Outgoing,
};
use apple::{Apple, Config, RetryPolicy};
use aws_lc_rs::digest::{SHA256, digest};
use domain::{
    ApiKeyId, BinaryUploadId, Clock as _, Entropy as _, HeldBinary, OrgId, Organization, Origin, Session, SessionId, SteppedClock, User,
    UserId,
};
use jiff::{SignedDuration, Timestamp};
use simulator::{Handle, KeyFile, KeyKind, Options, Role, Simulator};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use store::{Location, Store, TokenHash};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// What the Owner signs in with.
pub const PASSWORD: &str = "correct horse battery staple";

/// When every story begins.
const MORNING: &str = "2026-11-23T10:00:00Z";

/// Somebody with a session.
pub struct Person {
    /// Who.
    pub signed_in: SignedIn,
    /// What their browser holds.
    pub cookie: String,
}

/// The whole system.
pub struct World {
    app: Mutex<Option<App>>,
    /// Apple, simulated.
    pub apple: Handle,
    /// The application's clock; Apple's is another one. [`World::advance`] moves both.
    pub clock: SteppedClock,
    /// The first person, Owner of [`World::org`].
    pub owner: SignedIn,
    /// Their organization.
    pub org: OrgId,
    location: Location,
    reach: Mutex<Reach>,
    entropy: Arc<Seeded>,
    // Last, because they go away last.
    directory: TempDir,
    database: Option<Database>,
}

impl World {
    /// A world on SQLite in a temporary directory.
    pub async fn on_sqlite() -> Self {
        Self::on(None).await
    }

    /// A world on PostgreSQL, where there is one.
    pub async fn on_postgres() -> Option<Self> {
        Some(Self::on(Some(Database::fresh()?)).await)
    }

    async fn on(database: Option<Database>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let location = match &database {
            Some(database) => Location::Postgres(database.url.clone()),
            None => Location::Directory(directory.path().join("data")),
        };
        let clock = SteppedClock::at(MORNING);
        let apple = Simulator::start(Options {
            clock: simulator::Clock::frozen(clock.now()),
            entropy: Some(7),
            ..Options::default()
        })
        .await
        .expect("a simulator");
        let entropy = Arc::new(Seeded::new(7));
        let app = start(
            &location,
            directory.path(),
            &apple,
            &clock,
            &entropy,
            CrashPoints::none(),
            Reach::default(),
        )
        .await;
        let token = app.set_up_token().await.expect("asked").expect("nobody has an account yet");
        let input = SetUp {
            organization: "Halden".to_owned(),
            name: "Elin".to_owned(),
            email: "elin@halden.example".to_owned(),
            password: Zeroizing::new(PASSWORD.to_owned()),
        };
        let owner = app
            .set_up(token.expose(), input, Origin::default(), None)
            .await
            .expect("set up")
            .signed_in;
        let org = owner.home().expect("the first organization");
        Self {
            app: Mutex::new(Some(app)),
            apple,
            clock,
            owner,
            org,
            location,
            reach: Mutex::default(),
            entropy,
            directory,
            database,
        }
    }

    /// The application as it runs now.
    ///
    /// # Panics
    /// While it is being started anew.
    #[must_use]
    pub fn app(&self) -> App {
        self.app.lock().unwrap_or_else(PoisonError::into_inner).clone().expect("it runs")
    }

    /// Lets the application go and starts it anew over the same database, as after a crash.
    pub async fn restart(&self) {
        self.restart_with(CrashPoints::none()).await;
    }

    /// Starts it anew with places at which it dies.
    pub async fn restart_with(&self, crash_points: CrashPoints) {
        self.app.lock().unwrap_or_else(PoisonError::into_inner).take();
        let reach = self.reach.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let app = start(
            &self.location,
            self.directory.path(),
            &self.apple,
            &self.clock,
            &self.entropy,
            crash_points,
            reach,
        )
        .await;
        *self.app.lock().unwrap_or_else(PoisonError::into_inner) = Some(app);
    }

    /// Starts it anew with this mail server.
    pub async fn restart_with_mail(&self, mailbox: &Mailbox) {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner).mail_server = Some(mailbox.url());
        self.restart().await;
    }

    /// Starts it anew as an operator who lets webhooks reach this machine.
    pub async fn restart_with_local_webhooks(&self) {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner).local_webhooks = true;
        self.restart().await;
    }

    /// Starts it anew at an https address that the internet reaches, and has Apple's deliveries to it brought to this receiver.
    pub async fn restart_in_public(&self, deliveries: &Receiver) {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner).public_url = Some("https://russet.halden.example");
        self.apple.control().deliver_to(&deliveries.origin());
        self.restart().await;
    }

    /// Runs an act that dies at a named point, then starts the application anew. Answers whether the point was reached.
    ///
    /// # Panics
    /// When the act died elsewhere.
    pub async fn crash_at<F>(&self, point: &'static str, act: impl FnOnce(App) -> F) -> bool
    where
        F: Future<Output: Send> + Send + 'static,
        F::Output: 'static,
    {
        self.crash_at_pass(point, 1, act).await
    }

    /// The same, where a point is passed several times: it dies at this pass, counted from one.
    ///
    /// # Panics
    /// When the act died elsewhere.
    pub async fn crash_at_pass<F>(&self, point: &'static str, pass: u32, act: impl FnOnce(App) -> F) -> bool
    where
        F: Future<Output: Send> + Send + 'static,
        F::Output: 'static,
    {
        let died = Arc::new(Mutex::new(false));
        let dies = died.clone();
        let passes = Arc::new(AtomicU32::new(0));
        let hook = CrashPoints::hook(move |passed| {
            if passed == point && passes.fetch_add(1, Ordering::Relaxed) + 1 == pass {
                *dies.lock().unwrap_or_else(PoisonError::into_inner) = true;
                // Not a panic!: nobody needs its message and backtrace among the tests' output.
                std::panic::resume_unwind(Box::new(point));
            }
        });
        self.restart_with(hook).await;
        let ended = tokio::spawn(act(self.app())).await;
        let died = *died.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(ended.is_err(), died, "it died, but not where it should have");
        self.restart().await;
        died
    }

    /// Another application over the same database, as a second server would be.
    pub async fn second_server(&self) -> App {
        start(
            &self.location,
            self.directory.path(),
            &self.apple,
            &self.clock,
            &self.entropy,
            CrashPoints::none(),
            Reach::default(),
        )
        .await
    }

    /// An organization of somebody else on the same server, and its Owner, signed in with [`PASSWORD`].
    ///
    /// # Panics
    /// When it is asked for twice.
    pub async fn neighbor(&self) -> SignedIn {
        let organization = self.organization("Neighbor", None).await;
        self.person("nora", &[(organization, domain::Role::Owner)]).await.signed_in
    }

    /// An organization without anybody in it, below another or a root.
    ///
    /// # Panics
    /// When the database does not take it.
    pub async fn organization(&self, name: &str, parent: Option<OrgId>) -> OrgId {
        let organization = Organization {
            id: OrgId::fresh(&self.clock, &*self.entropy),
            parent,
            name: name.parse().expect("a name"),
            created_at: self.clock.now(),
        };
        let store = self.store().await;
        let vault = app::unseal::unseal(&store, &root_key(self.directory.path()), &self.clock, &*self.entropy)
            .await
            .expect("the vault opens");
        let ring = vault.new_ring(&organization.id.to_string()).expect("a ring");
        let mut tx = store.begin_over_all().await.expect("it begins");
        tx.create_organization(&organization, &ring).await.expect("made");
        tx.commit().await.expect("committed");
        organization.id
    }

    /// Somebody with these roles, signed in by a session. Their password is [`PASSWORD`].
    ///
    /// # Panics
    /// When somebody has that name already.
    pub async fn person(&self, name: &str, roles: &[(OrgId, domain::Role)]) -> Person {
        let user = User {
            id: UserId::fresh(&self.clock, &*self.entropy),
            email: format!("{name}@neighbor.example").parse().expect("an address"),
            name: name.parse().expect("a name"),
            created_at: self.clock.now(),
        };
        let store = self.store().await;
        let mut tx = store.begin_over_all().await.expect("it begins");
        let password = tx
            .password_hash(self.owner.person().expect("a person").id)
            .await
            .expect("the Owner has one");
        tx.insert_user(&user, &password).await.expect("made");
        for (organization, role) in roles {
            tx.add_role(*organization, user.id, *role, self.clock.now()).await.expect("given");
        }
        let (session, cookie) = self.session(user.id);
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, cookie.as_bytes()).as_ref());
        tx.insert_session(&session, &TokenHash(hash)).await.expect("begun");
        tx.commit().await.expect("committed");
        let signed_in = self.app().by_session(&cookie, Origin::default()).await.expect("asked");
        Person {
            signed_in: signed_in.expect("signed in"),
            cookie,
        }
    }

    /// Gives somebody roles; those that they hold already stay.
    ///
    /// # Panics
    /// When nobody has this address.
    pub async fn give(&self, e_mail: &str, roles: &[(OrgId, domain::Role)]) {
        let store = self.store().await;
        let mut tx = store.begin_over_all().await.expect("it begins");
        let found = tx.user_by_email(&e_mail.parse().expect("an address")).await.expect("asked");
        let (user, _) = found.expect("somebody with this address");
        for (organization, role) in roles {
            tx.add_role(*organization, user.id, *role, self.clock.now()).await.expect("given");
        }
        tx.commit().await.expect("committed");
    }

    /// A session as the sign-in makes it, without the work of a password hash.
    fn session(&self, user: UserId) -> (Session, String) {
        let mut random = [0; 32];
        self.entropy.fill(&mut random);
        let now = self.clock.now();
        let session = Session {
            id: SessionId::fresh(&self.clock, &*self.entropy),
            user,
            created_at: now,
            seen_at: now,
            expires_at: now + SignedDuration::from_hours(24 * domain::account::SESSION_DAYS),
            confirmed_at: now,
            address: None,
            agent: None,
        };
        (session, hex::encode(random))
    }

    /// Begins to upload a file of so many bytes to an organization.
    pub async fn upload(&self, who: &SignedIn, org: OrgId, file_name: &str, size: usize) -> BinaryUploadId {
        let new = NewBinary {
            file_name: file_name.to_owned(),
            size: size as u64,
            sha256: None,
        };
        match self.app().begin_binary_upload(&who.caller, org, new).await.expect("begun") {
            Begun::Upload(upload) => upload.id,
            Begun::Held(held) => panic!("it is here without having been sent: {}", held.binary.id),
        }
    }

    /// Uploads a file to an organization, whole.
    pub async fn binary(&self, who: &SignedIn, org: OrgId, file_name: &str, bytes: Vec<u8>) -> HeldBinary {
        let id = self.upload(who, org, file_name, bytes.len()).await;
        let pieces = futures::stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from(bytes))]);
        let app = self.app();
        app.append_to_binary(&who.caller, org, id, 0, pieces).await.expect("taken");
        app.complete_binary_upload(&who.caller, org, id).await.expect("held").binary
    }

    /// The database, as another program opens it.
    pub async fn store(&self) -> Store {
        Store::open(&self.location).await.expect("it opens")
    }

    /// Runs a statement past the store, to break something on purpose. On PostgreSQL only.
    ///
    /// # Panics
    /// On SQLite, and when the statement fails.
    pub fn run_sql(&self, statement: &str) {
        self.database.as_ref().expect("a world on PostgreSQL").run(statement);
    }

    /// The directory with the data of SQLite and the root key.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The file outside that checkpoints of the activity log are copied to.
    #[must_use]
    pub fn activity_copy(&self) -> PathBuf {
        copy_of_activity(self.directory())
    }

    /// Steps our clock and Apple's.
    pub fn advance(&self, seconds: i64) {
        self.clock.advance_seconds(seconds);
        self.apple.control().clock().advance(SignedDuration::from_secs(seconds));
    }

    /// Steps both clocks by days.
    pub fn advance_days(&self, days: i64) {
        self.advance(days * 24 * 3600);
    }

    /// The moment on our clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How many requests Apple got so far.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.apple.control().journal().len()
    }

    /// How often Apple got one `METHOD /path/{template}`.
    #[must_use]
    pub fn count(&self, call: &str) -> u64 {
        self.apple.control().count(call)
    }

    /// The key file of Apple's for a kind and role.
    ///
    /// # Panics
    /// When the simulator has none.
    #[must_use]
    pub fn key_file(&self, kind: KeyKind, role: Role) -> &KeyFile {
        self.apple.key(kind, role).expect("the simulator has one")
    }

    /// What a person enters for a key file, roles included.
    #[must_use]
    pub fn entered(&self, file: &KeyFile) -> NewKey {
        NewKey {
            name: String::new(),
            kind: match file.kind {
                KeyKind::Team => "team",
                KeyKind::Individual => "individual",
                KeyKind::Enterprise => "enterprise",
            }
            .to_owned(),
            key_id: file.key_id.clone(),
            issuer_id: file.issuer_id.clone().unwrap_or_default(),
            roles: file.roles.iter().map(|role| role_word(*role).to_owned()).collect(),
            file_name: Some(file.file_name()),
            file: Zeroizing::new(file.pem().into_bytes()),
            save_unverified: false,
        }
    }

    /// Links the team key of this role.
    ///
    /// # Panics
    /// When Apple does not accept it.
    pub async fn link(&self, role: Role) -> ApiKeyId {
        self.link_kind(KeyKind::Team, role).await
    }

    /// Links the key of this kind and role.
    ///
    /// # Panics
    /// When Apple does not accept it.
    pub async fn link_kind(&self, kind: KeyKind, role: Role) -> ApiKeyId {
        let input = self.entered(self.key_file(kind, role));
        let details = self.app().add_key(&self.owner.caller, self.org, input).await.expect("linked");
        details.summary.key.id
    }
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::AppManager => "app-manager",
        Role::Developer => "developer",
        Role::Finance => "finance",
        Role::Sales => "sales",
        Role::Marketing => "marketing",
        Role::CustomerSupport => "customer-support",
    }
}

/// Where the application copies the checkpoints of its activity log to.
fn copy_of_activity(directory: &Path) -> PathBuf {
    directory.join("activity-checkpoints.jsonl")
}

fn root_key(directory: &Path) -> vault::KeyFile {
    vault::KeyFile::new(directory.join("root.key"))
}

/// What the application reaches beside Apple.
#[derive(Clone, Default)]
struct Reach {
    mail_server: Option<String>,
    local_webhooks: bool,
    public_url: Option<&'static str>,
}

async fn start(
    location: &Location,
    directory: &Path,
    apple: &Handle,
    clock: &SteppedClock,
    entropy: &Arc<Seeded>,
    crash_points: CrashPoints,
    reach: Reach,
) -> App {
    let public_url: url::Url = reach.public_url.unwrap_or("http://localhost:7400").parse().expect("an origin");
    let mailer = reach
        .mail_server
        .map(|address| Mailer::new(&address, "Russet <russet@halden.example>", public_url.clone()).expect("a mail server"));
    let allowed = ["127.0.0.0/8"].iter().filter(|_| reach.local_webhooks);
    let store = Store::open(location).await.expect("the database opens");
    let vault = app::unseal::unseal(&store, &root_key(directory), clock, &**entropy)
        .await
        .expect("the vault opens");
    let parts = Parts {
        store,
        vault,
        apple: client(apple, clock),
        apple_roots_pem: Some(apple.authority_pem().to_owned()),
        activity_copy: Some(copy_of_activity(directory)),
        clock: Arc::new(clock.clone()),
        entropy: entropy.clone(),
        mailer,
        public_url,
        binaries: Storage::in_directory(&directory.join("binaries")).expect("a directory for binaries"),
        outgoing: Outgoing::new(allowed.map(|network| network.parse().expect("a network")).collect()),
        profile_signer: None,
    };
    App::start_with_crash_points(parts, crash_points)
        .await
        .expect("the application starts")
}

/// A client of the simulated Apple that waits for nothing.
fn client(apple: &Handle, clock: &SteppedClock) -> Apple {
    let clock = clock.clone();
    let mut config = Config::new(
        apple.url().parse().expect("a URL"),
        apple.enterprise_url().parse().expect("a URL"),
        Arc::new(move || clock.now()),
    );
    config.retries = RetryPolicy {
        base: Duration::ZERO,
        max_wait: Duration::from_millis(1),
        ..RetryPolicy::default()
    };
    Apple::new(config).expect("a client")
}
