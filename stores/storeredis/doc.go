// Package storeredis keeps in Redis what several processes of an application have to know
// together: which elements of webhooks were handled, when customers wrote, what became of
// messages, and how much of the rate limit was left.
//
//	rdb := redis.NewClient(&redis.Options{
//		Addr:                  "localhost:6379",
//		ContextTimeoutEnabled: true, // required: no call outlasts its context
//		MaxRetries:            1,    // fail fast: the sender of webhooks retries
//		DialerRetries:         1,
//	})
//	stores, err := storeredis.New(rdb, storeredis.WithPrefix("shop"))
//	if err != nil {
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
// The client is any [redis.UniversalClient]: of a server, of Sentinel or of a cluster. There
// are no goroutines to stop.
//
// # The server
//
// Set maxmemory-policy to noeviction. All keys expire, so every other policy, also one
// that begins with volatile, may remove a claim or a decision that still counts, and an
// element is handled twice. When memory is full under noeviction, claims fail:
// deliveries get 503 and come again.
//
// What Redis loses is forgotten. A server without persistence that restarts no longer knows
// which elements were handled, and handles those that are delivered again; a
// replica that takes over may lack the last writes. Where that matters, switch on the
// append-only file.
//
// Docs: https://redis.io/docs/latest/develop/reference/eviction/,
// https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
//
// Calls are GET, MGET and small scripts: EVALSHA, and EVAL when the server does not have the
// script yet. The tests run against Redis 7.0. With the default prefix a user of the
// server needs these permissions:
//
//	ACL SETUSER kirim on >password ~kirim:* ~{kirim}:* +get +set +del +mget +eval +evalsha
//
// # When the server is away
//
// Calls fail, at the latest when their context ends. With the options above a refused
// connection takes some milliseconds; with the defaults of go-redis it takes two seconds,
// as it dials 20 times. A [kirim.WebhookHandler] responds with 503 and handles nothing,
// and the sender delivers again.
//
// # What is stored
//
// Keys begin with the prefix of [WithPrefix] and end with a hash of what the caller gave, so
// that no phone number can be read in them. It is not encryption: who can read
// Redis can check by trial whether a certain number wrote. The values of a StatusStore are
// JSON with ids of messages, participants of groups and what Meta says about failures.
//
// All keys expire. This is what they need, by MEMORY USAGE of Redis 7.0; the server's
// tables take about 60 bytes more for each key:
//
//	completed element   88 bytes     7 days, see WithRetention
//	customer            88 bytes     49 hours
//	decision            88 bytes     25 hours
//	status              350 bytes    7 days, see WithRetention
//	  by both ids       1,100 bytes
//	rate limit          250 bytes    1 hour
//
// A cluster spreads the keys over its nodes, but for those of a StatusStore: those
// with one prefix are in one slot, as both ids of a message change in one step.
package storeredis
