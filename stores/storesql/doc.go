// Package storesql keeps in PostgreSQL or SQLite what several processes of an
// application have to know together: which elements of webhooks were handled, when
// customers wrote, what became of messages, and how much of the rate limit was left.
//
//	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
//	if err != nil {
//		log.Fatal(err)
//	}
//	stores, err := storesql.New(db, storesql.PostgreSQL, storesql.WithSchema("kirim"))
//	if err != nil {
//		log.Fatal(err)
//	}
//	if err := stores.Migrate(ctx); err != nil {
//		log.Fatal(err)
//	}
//	hooks := kirim.NewWebhookHandler(verifier,
//		kirim.WithDeduper(stores.Deduper()),
//		kirim.WithWebhookWindowStore(stores.Windows()))
//	feed := kirim.NewStatusFeed(kirim.WithStatusStore(stores.Statuses()))
//	feed.Attach(hooks)
//	client, err := kirim.NewClient(apiKey,
//		kirim.WithWindowStore(stores.Windows()),
//		kirim.WithStatusFeed(feed),
//		kirim.WithLimiter(kirim.NewPacer(kirim.WithSharedLimit(stores.Limits(), "my organisation"))))
//
// It works with any driver for [database/sql] and imports none. It is tested with
// github.com/jackc/pgx/v5/stdlib and modernc.org/sqlite.
//
// # The tables
//
// [Stores.Migrate] creates them. The names begin with "kirim_" ([WithPrefix]), in the schema
// of [WithSchema]. Keys are stored as hashes. The statuses hold what the server said about
// failures and, of messages to groups, the numbers of participants.
//
//	kirim_claim      elements of webhooks: a lease of a minute, then 7 days    WithLease, WithRetention
//	kirim_window     when customers wrote                        49 hours
//	kirim_decision   whether a template goes first, by key       25 hours
//	kirim_status     how far messages have come                  7 days        WithRetention
//	kirim_status_id  the ids of these messages                   7 days        WithRetention
//	kirim_ratelimit  the last rate limit seen                    1 hour
//
// Old rows are removed a few at a time by every 32nd statement that writes. There is no goroutine
// to stop. [Stores.Prune] removes all of them.
//
// # The clock
//
// The clock of the database decides which claims have lapsed and what is old. Clocks of the
// processes do not matter, but for those of rate limits ([kirim.WithSharedLimit]).
//
// # PostgreSQL
//
// Statements run at the isolation level READ COMMITTED, or are retried after a conflict. No
// connection is held while a callback runs. When the database is away, a
// [kirim.WebhookHandler] responds with 503 and the sender delivers again. What was handled while it
// went away is remembered by the process until the database is back.
//
// A claim and a completion each wait until the database has written them to its disk, which is
// most of their time. With synchronous_commit=off in the data source name they do not, and
// deliveries are handled two to three times as fast. When the database crashes then, its latest
// claims are lost, and their elements may be handled again.
//
// # SQLite
//
// SQLite is for processes of one machine. Open it in WAL mode and with a busy timeout, and
// let the pool have one connection:
//
//	db, err := sql.Open("sqlite", "file:kirim.db?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)")
//	db.SetMaxOpenConns(1)
//
// With synchronous=NORMAL, the default of some drivers, the last claims are lost in a power
// failure, and their elements may be handled again.
package storesql
