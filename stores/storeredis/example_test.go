package storeredis_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/stores/storeredis"
)

// A receiver of which several processes may run. As long as Redis is away, as it is
// here, deliveries get 503 and come again.
func Example() {
	rdb := redis.NewClient(&redis.Options{
		Addr:                  "127.0.0.1:1", // where no server listens
		ContextTimeoutEnabled: true,
		MaxRetries:            1,
		DialerRetries:         1,
	})
	defer rdb.Close()
	stores, err := storeredis.New(rdb, storeredis.WithPrefix("shop"))
	if err != nil {
		log.Panic(err)
	}

	verifier, err := kirim.NewWebhookVerifier("whsec_EXAMPLE")
	if err != nil {
		log.Panic(err)
	}
	hooks := kirim.NewWebhookHandler(verifier, kirim.WithDeduper(stores.Deduper()), kirim.WithWebhookWindowStore(stores.Windows()))
	hooks.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error {
		fmt.Println(m.From.E164(), "wrote", m.Text)
		return nil
	})
	feed := kirim.NewStatusFeed(kirim.WithStatusStore(stores.Statuses()))
	feed.Attach(hooks)
	if _, err := kirim.NewClient("your-api-key",
		kirim.WithWindowStore(stores.Windows()), kirim.WithStatusFeed(feed),
		kirim.WithLimiter(kirim.NewPacer(kirim.WithSharedLimit(stores.Limits(), "shop")))); err != nil {
		log.Panic(err)
	}

	const body = `{"entry":[{"changes":[{"value":{"messages":[
		{"id":"wamid.1","from":"6281100000001","type":"text","text":{"body":"Is it ready?"}}]}}]}]}`
	r := httptest.NewRequest(http.MethodPost, "/webhooks/kirim", strings.NewReader(body))
	r.Header.Set("X-Kirim-Signature", kirim.SignWebhook("whsec_EXAMPLE", time.Now(), []byte(body)))
	w := httptest.NewRecorder()
	hooks.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output: 503
}
