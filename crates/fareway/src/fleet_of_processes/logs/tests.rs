use events::log::{Batch, FileLog, LogSettings, Record};
use runtime::{Limited, net};

use super::*;
use crate::log_reader::Neighbour;

/// A machine of two cells in a folder of its own, whose logs are served.
struct Served {
    folder: std::path::PathBuf,
    base: String,
    tasks: TaskSet,
    shutdown: Shutdown,
}

impl Served {
    async fn start(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("fareway-logs-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let mut settings = Settings::default();
        settings.server.listen.set_port(0);
        settings.fleet.cells = Limited::literal(2);
        let machine = Machine::plan(&settings, None).unwrap();
        let shelf = Arc::new(Shelf::open(&folder, &machine).unwrap());
        let listener = net::listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
        let service = service_fn(move |request| {
            let shelf = Arc::clone(&shelf);
            async move { Ok::<_, Infallible>(shelf.answer(&request).await) }
        });
        let limits = HttpLimits::default();
        tasks.spawn(serve_http(listener, service, limits, tasks.clone(), shutdown.clone()));
        Self { folder, base, tasks, shutdown }
    }

    fn writer(&self, cell: &str) -> FileLog {
        let disk = Arc::new(RealDisk::open(self.folder.join(cell)).unwrap());
        FileLog::open(disk, LOG_FOLDER, LogSettings::default()).unwrap()
    }

    fn reader(&self, cell: &str) -> Arc<dyn ReadLog> {
        let text = format!("{cell}={}/{cell}", self.base);
        Neighbour::parse(&text).unwrap().open(&LogSettings::default()).unwrap()
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let client =
            hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
                .build_http::<http_body_util::Empty<Bytes>>();
        let uri = format!("{}{path}", self.base).parse().unwrap();
        let response = client.get(uri).await.unwrap();
        let status = response.status().as_u16();
        let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap();
        (status, String::from_utf8_lossy(&body.to_bytes()).into_owned())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.shutdown.begin();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn told() -> TopicPartition {
    TopicPartition::new(prices::region::TOPIC, 0).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_reads_over_http_what_another_writes() {
    let served = Served::start("read").await;
    let reader = served.reader("cell-2");
    assert_eq!(reader.bounds(&told()).await, Ok(0..0), "the cell has not even started");
    let log = served.writer("cell-2");
    let waiting = served.tasks.spawn({
        let reader = Arc::clone(&reader);
        async move { reader.reaches(&told(), 0).await }
    });
    for number in 0..30_i64 {
        let record = Record::of(format!("price {number}"), 1_000 + number);
        log.append_now(&told(), &Batch::one(record)).await.unwrap();
    }
    waiting.await.unwrap().unwrap();
    reader.reaches(&told(), 29).await.unwrap();
    assert_eq!(reader.bounds(&told()).await, Ok(0..30));
    for (offset, bytes_max) in [(0, 1 << 20), (7, 1), (29, 100), (30, 100)] {
        let expected = log.read_now(&told(), offset, bytes_max);
        assert_eq!(reader.read(&told(), offset, bytes_max).await, expected);
    }
    assert_eq!(reader.read(&told(), 31, 9).await, Err(LogError::Beyond { end: 30 }));
    assert_eq!(reader.offset_at(&told(), 1_010).await, Ok(Some(10)));
    assert_eq!(reader.offset_at(&told(), 9_000).await, Ok(None));
    // The writer is gone, and what it wrote is still read.
    drop(log);
    assert_eq!(reader.bounds(&told()).await, Ok(0..30));
    assert_eq!(served.reader("cell-1").bounds(&told()).await, Ok(0..0));
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_by_name() {
    let served = Served::start("refused").await;
    let topic = "/cell-1/price-digests/0";
    for (path, status, told) in [
        ("/healthz".to_owned(), 200, "ok"),
        (format!("{topic}/bounds"), 200, r#"{"start":0,"end":0}"#),
        (format!("{topic}/offset?at_ms=5"), 200, r#"{"offset":null}"#),
        ("/cell-3/price-digests/0".to_owned(), 404, ""),
        ("/cell-1/prices/0".to_owned(), 404, ""),
        ("/cell-1/..%2f..%2fetc/0".to_owned(), 404, ""),
        ("/cell-1/price-digests/x".to_owned(), 404, ""),
        ("/cell-1/price-digests".to_owned(), 404, ""),
        (format!("{topic}/bounds/more"), 404, ""),
        (format!("{topic}/others"), 404, ""),
        (format!("{topic}?offset=-1"), 400, r#""field":"offset""#),
        (format!("{topic}?offset=1&offset=2"), 400, r#""field":"offset""#),
        (format!("{topic}?bytes_max=99999999999"), 400, r#""field":"bytes_max""#),
        (format!("{topic}?size=1"), 400, r#""field":"size""#),
        (format!("{topic}/bounds?wait_ms=30001"), 400, r#""field":"wait_ms""#),
        (format!("{topic}/offset"), 400, r#""field":"at_ms""#),
    ] {
        let (got, body) = served.get(&path).await;
        assert_eq!(got, status, "{path}: {body}");
        assert!(body.contains(told), "{path}: {body}");
    }
}

#[tokio::test]
async fn a_far_end_that_is_gone_or_is_something_else_is_told() {
    let served = Served::start("gone").await;
    let reader = served.reader("cell-9");
    let wrong = reader.read(&told(), 0, 100).await.unwrap_err().to_string();
    assert!(wrong.contains("answers 404"), "{wrong}");
    let closed = net::listen(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let neighbour = Neighbour::parse(&format!("cell-1=http://{address}/cell-1")).unwrap();
    let gone = neighbour.open(&LogSettings::default()).unwrap();
    let gone = gone.bounds(&told()).await.unwrap_err().to_string();
    assert!(gone.contains(&address.to_string()), "{gone}");
}
