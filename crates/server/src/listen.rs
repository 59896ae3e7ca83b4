//! The listener: TLS or plain, and a stop that lets running requests end.

use crate::{Settings, SettingsError, State, Tls};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use std::{net::SocketAddr, time::Duration};
use tokio::net::{TcpListener, TcpSocket};

/// How long running requests may take to end after a stop.
const GRACE: Duration = Duration::from_secs(10);

/// How long a client may take to send the head of a request, and a connection may be idle.
const HEADER_PATIENCE: Duration = Duration::from_secs(60);

/// Why the server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The settings do not fit together.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The address is taken or not ours.
    #[error("Cannot listen on {address}: {cause}. Stop what listens there, or choose another address with --listen.")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A file of the TLS certificate cannot be read.
    #[error("Cannot read {file} for TLS: {cause}.")]
    TlsFile {
        /// Which one.
        file: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The certificate or its key does not fit.
    #[error("Cannot use {certificate} with {key} for TLS: {cause}. Both must be PEM files, the certificate's chain first to last.")]
    Tls {
        /// The certificate file.
        certificate: String,
        /// The key file.
        key: String,
        /// What was wrong.
        cause: std::io::Error,
    },
}

/// A server that listens; requests are answered from now on.
pub struct Listening {
    /// The address, with the port that was chosen when 0 was asked for.
    pub address: SocketAddr,
    handle: Handle<SocketAddr>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Listening {
    /// Waits until the server has stopped by itself, which only an error makes it do.
    ///
    /// # Errors
    /// What the system said.
    pub async fn wait(&mut self) -> std::io::Result<()> {
        (&mut self.task).await.unwrap_or_else(|e| Err(std::io::Error::other(e)))
    }

    /// Takes no more requests, lets the running ones end, and returns.
    pub async fn stop(mut self) {
        self.handle.graceful_shutdown(Some(GRACE));
        let _ = self.wait().await;
    }
}

/// How many connections may wait to be taken.
const BACKLOG: u32 = 1024;

/// A port that is ours, and closed still. Taken first, before anything is opened or changed: a second server on the same
/// port stops here. Nobody can connect before [`Bound::serve`], so that who can connect is answered.
pub struct Bound {
    /// The address, with the port that was chosen when 0 was asked for.
    pub address: SocketAddr,
    socket: TcpSocket,
}

impl Bound {
    /// Takes the port.
    ///
    /// # Errors
    /// When the settings do not fit or the address is taken.
    pub fn bind(settings: &Settings) -> Result<Self, ServeError> {
        settings.check()?;
        for file in settings.tls.iter().flat_map(|tls| [&tls.certificate, &tls.key]) {
            std::fs::File::open(file).map_err(|cause| ServeError::TlsFile {
                file: file.display().to_string(),
                cause,
            })?;
        }
        let failed = |cause| ServeError::Listen {
            address: settings.listen,
            cause,
        };
        let socket = match settings.listen {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }
        .map_err(failed)?;
        // A server that was just stopped leaves connections behind that would hold the port for a minute.
        socket.set_reuseaddr(true).map_err(failed)?;
        socket.bind(settings.listen).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { address, socket })
    }

    /// Starts to answer.
    ///
    /// # Errors
    /// When the TLS files cannot be used, with what to do.
    pub async fn serve(self, state: &State) -> Result<Listening, ServeError> {
        let Self { address, socket } = self;
        let service = crate::router(state).into_make_service_with_connect_info::<SocketAddr>();
        let handle = Handle::new();
        let failed = |cause| ServeError::Listen { address, cause };
        let tls = match &state.settings.tls {
            Some(tls) => Some(tls_config(tls).await?),
            None => None,
        };
        let socket = socket.listen(BACKLOG).and_then(TcpListener::into_std).map_err(failed)?;
        let task = match tls {
            Some(config) => {
                let mut server = axum_server::from_tcp_rustls(socket, config).map_err(failed)?.handle(handle.clone());
                server.http_builder().http1().header_read_timeout(HEADER_PATIENCE);
                tokio::spawn(server.serve(service))
            }
            None => {
                let mut server = axum_server::from_tcp(socket).map_err(failed)?.handle(handle.clone());
                server.http_builder().http1().header_read_timeout(HEADER_PATIENCE);
                tokio::spawn(server.serve(service))
            }
        };
        Ok(Listening { address, handle, task })
    }
}

async fn tls_config(tls: &Tls) -> Result<RustlsConfig, ServeError> {
    RustlsConfig::from_pem_file(&tls.certificate, &tls.key)
        .await
        .map_err(|cause| ServeError::Tls {
            certificate: tls.certificate.display().to_string(),
            key: tls.key.display().to_string(),
            cause,
        })
}
