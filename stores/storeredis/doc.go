// Package storeredis shares over Redis what the processes of a program have to agree
// on: which elements of webhooks were handled ([Deduper]), who wrote when and what
// goes first ([WindowStore]), how far messages have come ([StatusStore]) and which rate
// limit was seen last ([LimitStore]). Each implements the interface of package kirim of
// the same name, over any [redis.UniversalClient]: a server, Sentinel, or a cluster.
//
//	rdb := redis.NewClient(&redis.Options{
//		Addr:                  "localhost:6379",
//		ContextTimeoutEnabled: true, // required: no call outlasts its context
//		MaxRetries:            1,    // fail fast: the sender of webhooks retries
//		DialerRetries:         1,
//	})
//	deduper, err := storeredis.NewDeduper(rdb)
//	if err != nil {
//		log.Fatal(err)
//	}
//	hooks := kirim.NewWebhookHandler(verifier, kirim.WithDeduper(deduper))
//
// The stores have no goroutines and no connections of their own. Closing the client is
// up to the caller.
//
// # What Redis has to do
//
// Version 2.8 or newer, or a server that speaks its protocol, with EVAL. Calls are GET, MGET and small
// scripts, by EVALSHA and by EVAL where the server does not know them yet. A user of
// its own needs these permissions, when the prefix is the default:
//
//	ACL SETUSER kirim on >password ~kirim:* ~{kirim}:* +get +set +del +mget +eval +evalsha
//
// Set maxmemory-policy to noeviction. All keys expire, so each of the other policies, also
// those that begin with volatile, may remove a claim or a decision that still counts, and an
// element is handled twice. When memory is full under noeviction, claims fail, and
// deliveries get 503 and come again.
//
// What Redis loses is forgotten. A server without persistence that restarts has forgotten all
// elements that were handled, and those that come again are handled again; so does
// a replica that takes over, for the last writes. Where that matters, switch on the
// append-only file, or use a database.
//
// Docs: https://redis.io/docs/latest/develop/reference/eviction/,
// https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
//
// # When Redis is away
//
// Calls fail, at the latest when their context ends. With the options above a refused
// connection takes milliseconds; with the defaults of go-redis it takes two seconds, in
// which it tries 20 times. A [kirim.WebhookHandler] then responds with 503 and handles
// nothing, and the sender delivers again.
//
// # What is stored
//
// Keys begin with the prefix of [WithPrefix] and end with a hash. The hash keeps numbers
// from being read in passing; who may read Redis can still find out by trial
// whether a certain number is there. The values of a StatusStore are JSON with ids of messages,
// participants of groups and what Meta said about failures: personal data.
//
// All keys expire. This is what they need (MEMORY USAGE of Redis 7.0, 64 bits):
//
//	completed element   88 bytes   7 days, see WithRetention
//	customer            88 bytes   7 days
//	decision            88 bytes   25 hours
//	status             400 bytes   7 days; 1,200 bytes when both ids are known
//	limit              250 bytes   1 hour
//
// Each key of the Deduper and the WindowStore is by itself, so that a cluster spreads
// them over all its nodes. All keys of a StatusStore with one prefix are in one slot,
// as both ids of a message change in one step.
package storeredis
