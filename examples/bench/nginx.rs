//! nginx, which serves the same bytes as a file, and speaks TLS for the simulator.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::process::Process;
use crate::stage::{free_address, until_open};

const PROGRAM: &str = "/usr/sbin/nginx";

/// What every configuration begins with. Nothing is logged, and connections are kept as long as they are used.
const HEAD: &str = "daemon off;\nworker_processes auto;\nerror_log stderr error;\npid nginx.pid;\n\
    events { worker_connections 2048; }\nhttp {\n  access_log off;\n  keepalive_requests 1000000000;\n  sendfile on;\n  \
    tcp_nopush on;\n  client_body_temp_path body;\n  proxy_temp_path proxy;\n  fastcgi_temp_path fastcgi;\n  \
    uwsgi_temp_path uwsgi;\n  scgi_temp_path scgi;\n";

/// Serves `metrics` and `metrics.gz` of the folder at `/metrics`.
pub(crate) async fn of_files(folder: &Path, plain: &[u8], gzip: &[u8]) -> anyhow::Result<(Process, SocketAddr)> {
    fs::write(folder.join("metrics"), plain)?;
    fs::write(folder.join("metrics.gz"), gzip)?;
    let address = free_address()?;
    let server = format!(
        "  server {{\n    listen {address};\n    root {};\n    location = /metrics {{\n      default_type \"text/plain; \
         version=0.0.4; charset=utf-8\";\n      gzip_static on;\n    }}\n  }}\n",
        folder.display()
    );
    start(folder, &server, address).await
}

/// Speaks TLS and hands on to the simulator. Writes `ca.pem`, which signs its certificate.
pub(crate) async fn before(simulator: SocketAddr, folder: &Path) -> anyhow::Result<(Process, SocketAddr)> {
    let mut authority = CertificateParams::new([])?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &authority)?;
    fs::write(folder.join("ca.pem"), authority.pem())?;
    fs::write(folder.join("server.pem"), certificate.pem())?;
    fs::write(folder.join("server.key"), key.serialize_pem())?;
    let address = free_address()?;
    let server = format!(
        "  upstream simulator {{ server {simulator}; keepalive 128; keepalive_requests 1000000000; }}\n  server {{\n    \
         listen {address} ssl;\n    ssl_certificate {folder}/server.pem;\n    ssl_certificate_key {folder}/server.key;\n    \
         location / {{\n      proxy_pass http://simulator;\n      proxy_http_version 1.1;\n      \
         proxy_set_header Connection \"\";\n    }}\n  }}\n",
        folder = folder.display()
    );
    start(folder, &server, address).await
}

async fn start(folder: &Path, server: &str, address: SocketAddr) -> anyhow::Result<(Process, SocketAddr)> {
    // Started by root its workers would be of a user who may not read the folder.
    let user = if rustix::process::geteuid().is_root() { "user root;\n" } else { "" };
    let file = folder.join("nginx.conf");
    fs::write(&file, format!("{user}{HEAD}{server}}}\n"))?;
    let arguments = ["-p".as_ref(), folder.as_os_str(), "-c".as_ref(), file.as_os_str()];
    let mut process = Process::start(Path::new(PROGRAM), &arguments, &folder.join("nginx.log"))
        .context("nginx can't be started; scripts/bench installs it")?;
    until_open(address, &mut process).await.context("nginx does not answer")?;
    Ok((process, address))
}
