//! The listener itself: TLS, and a port that is taken.

use crate::stage::{settings, state};
use server::{Bound, ServeError, Settings, SettingsError, Tls};
use testkit::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_taken_port_and_plain_http_toward_the_world_are_refused_before_anything_is_opened() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut there = settings();
    there.listen = taken.local_addr().unwrap();
    let refused = Bound::bind(&there).err().unwrap();
    assert!(refused.to_string().contains("--listen"), "{refused}");

    let open = Settings {
        listen: "0.0.0.0:0".parse().unwrap(),
        ..settings()
    };
    assert!(matches!(Bound::bind(&open), Err(ServeError::Settings(SettingsError::PlainHttp(_)))));
    let missing = Settings {
        tls: Some(Tls {
            certificate: "no-such.pem".into(),
            key: "no-such.key".into(),
        }),
        public_url: "https://localhost".parse().unwrap(),
        ..settings()
    };
    assert!(Bound::bind(&missing).err().unwrap().to_string().contains("no-such.pem"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_connects_before_the_server_answers_and_a_stop_lets_requests_end() {
    let world = World::on_sqlite().await;
    let bound = Bound::bind(&settings()).unwrap();
    let address = bound.address;
    assert!(TcpStream::connect(address).await.is_err());
    let listening = bound.serve(&state(&world, settings())).await.unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /api/v1/status HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    listening.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
}
