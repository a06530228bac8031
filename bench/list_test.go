package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

const pageSize = 100

type bareContact struct {
	ID              string         `json:"id"`
	Object          string         `json:"object"`
	PhoneNumber     string         `json:"phone_number"`
	Name            string         `json:"name"`
	Email           string         `json:"email"`
	Metadata        map[string]any `json:"metadata"`
	WhatsAppAccount struct {
		PhoneNumber   string `json:"phone_number"`
		PhoneNumberID string `json:"phone_number_id"`
		Customer      *struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"customer"`
	} `json:"whatsapp_account"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

type barePage struct {
	Data       []*bareContact `json:"data"`
	HasMore    bool           `json:"has_more"`
	NextCursor string         `json:"next_cursor"`
}

// contactPage is page n, counted from 0, of so many.
func contactPage(n, pages int) canned {
	var b strings.Builder
	b.WriteString(`{"data":[`)
	for i := range pageSize {
		if i > 0 {
			b.WriteByte(',')
		}
		id := n*pageSize + i
		fmt.Fprintf(&b, `{"id":"ctc_%026d","object":"contact","phone_number":"+6281%09d","name":"Sari %d","email":"sari%d@example.com",`+
			`"metadata":{"tier":"gold"},"whatsapp_account":{"phone_number":"+628111222333","phone_number_id":"106540352242922",`+
			`"customer":{"id":"cus_01HXYZABCDEFGHJKMNPQRSTVWX","name":"Toko Maju"}},`+
			`"created_at":"2026-05-23T10:00:00Z","updated_at":"2026-05-23T10:00:00.123Z"}`, id, id, id, id)
	}
	if n+1 < pages {
		fmt.Fprintf(&b, `],"has_more":true,"next_cursor":"%d"}`, n+1)
	} else {
		b.WriteString(`],"has_more":false,"next_cursor":null}`)
	}
	return canned{http.StatusOK, b.String()}
}

func (b *bare) list(ctx context.Context) (*barePage, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+"/"+numberID+"/contacts?limit="+strconv.Itoa(pageSize), nil)
	if err != nil {
		return nil, err
	}
	setBareHeader(req.Header)
	resp, err := b.http.Do(req)
	if err != nil {
		return nil, err
	}
	page := &barePage{}
	return page, bareDecode(resp, page)
}

// BenchmarkList reads one page of 100 contacts.
func BenchmarkList(b *testing.B) {
	answer, ctx := contactPage(0, 1), context.Background()
	b.Run("client=nethttp", func(b *testing.B) {
		client := newBare(answer)
		b.ReportAllocs()
		for b.Loop() {
			if page, err := client.list(ctx); err != nil || len(page.Data) != pageSize {
				b.Fatal(err)
			}
		}
	})
	b.Run("client=kirim", func(b *testing.B) {
		contacts := newKirim(b, answer).PhoneNumber(numberID).Contacts
		b.ReportAllocs()
		for b.Loop() {
			if page, err := contacts.List(ctx, kirim.ContactListParams{Limit: pageSize}); err != nil || len(page.Items) != pageSize {
				b.Fatal(err)
			}
		}
	})
}

func TestBothListsHaveTheSameContacts(t *testing.T) {
	t.Parallel()
	answer := contactPage(0, 1)
	theirs, err := newBare(answer).list(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ours, err := newKirim(t, answer).PhoneNumber(numberID).Contacts.List(t.Context(), kirim.ContactListParams{Limit: pageSize})
	if err != nil {
		t.Fatal(err)
	}
	a, err := json.Marshal(theirs.Data)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(ours.Items)
	if err != nil {
		t.Fatal(err)
	}
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil || fmt.Sprint(x) != fmt.Sprint(y) || len(theirs.Data) != pageSize {
		t.Errorf("lists differ:\n%.600s\n%.600s", a, b)
	}
}

// contactPages is a server with 10,000 contacts that keeps none of them.
type contactPages struct{ pages int }

func (c contactPages) RoundTrip(req *http.Request) (*http.Response, error) {
	n := 0
	if cursor := req.URL.Query().Get("cursor"); cursor != "" {
		var err error
		if n, err = strconv.Atoi(cursor); err != nil {
			return nil, err
		}
	}
	return contactPage(n, c.pages).RoundTrip(req)
}

// heapOfAll iterates over 10,000 contacts and returns the bytes that are
// reachable during its second page and its last, the 100th.
func heapOfAll(tb testing.TB) (early, late uint64) {
	const pages = 100
	contacts := newKirim(tb, contactPages{pages}).PhoneNumber(numberID).Contacts
	n := 0
	for _, err := range contacts.All(context.Background(), kirim.ContactListParams{Limit: pageSize}) {
		if err != nil {
			tb.Fatal(err)
		}
		switch n++; n {
		case 2 * pageSize:
			early = heap()
		case pages * pageSize:
			late = heap()
		}
	}
	if n != pages*pageSize {
		tb.Fatalf("%d contacts", n)
	}
	return early, late
}

// heap returns the bytes that are still reachable.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // the first only moves what pools hold to their victims
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkAll has no time to report, only the heap.
func BenchmarkAll(b *testing.B) {
	for b.Loop() {
		early, late := heapOfAll(b)
		b.ReportMetric(float64(early), "B-at-page-2")
		b.ReportMetric(float64(late), "B-at-page-100")
	}
}

// Nothing else runs while this does: it is not parallel.
func TestTheHeapDoesNotGrowWithTheList(t *testing.T) {
	early, late := heapOfAll(t)
	t.Logf("%d bytes at page 2, %d at page 100", early, late)
	const onePage = 64 << 10
	if late > early+onePage/4 {
		t.Errorf("the heap grew from %d to %d bytes", early, late)
	}
}
