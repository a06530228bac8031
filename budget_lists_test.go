//go:build budgets && !race

package kirim_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// plainOf is the type that a program without this package would declare for the
// same fields: structs with the tags of encoding/json and no methods. It leaves out
// a field whose type is one of the structs around it.
func plainOf(t reflect.Type, around ...reflect.Type) reflect.Type {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return t
	case t == reflect.TypeFor[kirim.Metadata]():
		return reflect.TypeFor[map[string]any]()
	case t.Kind() == reflect.String:
		return reflect.TypeFor[string]()
	case t.Kind() == reflect.Pointer:
		return reflect.PointerTo(plainOf(t.Elem(), around...))
	case t.Kind() == reflect.Slice && t != reflect.TypeFor[json.RawMessage]():
		return reflect.SliceOf(plainOf(t.Elem(), around...))
	case t.Kind() != reflect.Struct:
		return t
	}
	around = append(slices.Clone(around), t)
	var fields []reflect.StructField
	for i := range t.NumField() {
		f := t.Field(i)
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" && !(f.Type.Kind() == reflect.Slice && slices.Contains(around, f.Type.Elem())) {
			fields = append(fields, reflect.StructField{Name: f.Name, Type: plainOf(f.Type, around...), Tag: f.Tag})
		}
	}
	return reflect.StructOf(fields)
}

// bareListAllocs is what a list allocates with net/http and encoding/json.
func bareListAllocs(t *testing.T, item reflect.Type, wire budgetWire) float64 {
	t.Helper()
	page := reflect.StructOf([]reflect.StructField{
		{Name: "Data", Type: reflect.SliceOf(reflect.PointerTo(plainOf(item))), Tag: `json:"data"`},
		{Name: "HasMore", Type: reflect.TypeFor[bool](), Tag: `json:"has_more"`},
	})
	client := &http.Client{Transport: wire}
	return testing.AllocsPerRun(20, func() {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, kirim.DefaultBaseURL+"/1/list?limit=100", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range [][2]string{{"Authorization", "Bearer " + testKey}, {"Accept", "application/json"}, {"User-Agent", "shop/1.0"}} {
			req.Header.Set(h[0], h[1])
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		answer := reflect.New(page)
		if err := json.Unmarshal(body, answer.Interface()); err != nil || answer.Elem().Field(0).Len() != 100 {
			t.Fatal(err)
		}
	})
}

func listsOf[T, P any](list func(context.Context, P, ...kirim.RequestOption) (*kirim.Page[T], error)) func() (int, error) {
	return func() (int, error) {
		var params P
		page, err := list(context.Background(), params)
		if err != nil {
			return 0, err
		}
		return len(page.Items), nil
	}
}

const textMessage = `{"id":"msg_01HXYZABCDEFGHJKMNPQRSTVWX","object":"message","message_id":"wamid.HBgN","conversation_id":"cnv_01HXYZABCDEFGHJKMNPQRSTVWX",` +
	`"direction":"inbound","type":"text","status":"read","content":"Halo","from":"+6281100000001","to":"+628111222333","source":"app",` +
	`"whatsapp_account":{"phone_number":"+628111222333","phone_number_id":"106540352242922","customer":{"id":"cus_01HXYZABCDEFGHJKMNPQRSTVWX","name":"Toko Maju"}},` +
	`"created_at":"2026-05-23T10:00:00.123Z","updated_at":"2026-05-23T10:00:00Z"}`

// Not parallel: AllocsPerRun counts what the whole process allocates.
func TestAListOfAnyKindAllocatesNoMoreThanEncodingJSON(t *testing.T) {
	for _, tt := range []struct {
		item reflect.Type
		list func(*kirim.Client) func() (int, error)
	}{
		{reflect.TypeFor[kirim.Account](), func(c *kirim.Client) func() (int, error) { return listsOf(c.Accounts.List) }},
		{reflect.TypeFor[kirim.Contact](), func(c *kirim.Client) func() (int, error) { return listsOf(c.PhoneNumber("1").Contacts.List) }},
		{reflect.TypeFor[kirim.Conversation](), func(c *kirim.Client) func() (int, error) { return listsOf(c.PhoneNumber("1").Conversations.List) }},
		{reflect.TypeFor[kirim.Customer](), func(c *kirim.Client) func() (int, error) { return listsOf(c.Customers.List) }},
		{reflect.TypeFor[kirim.Label](), func(c *kirim.Client) func() (int, error) { return listsOf(c.Labels.List) }},
		{reflect.TypeFor[kirim.Message](), func(c *kirim.Client) func() (int, error) { return listsOf(c.PhoneNumber("1").Messages.List) }},
		{reflect.TypeFor[kirim.MessageTemplate](), func(c *kirim.Client) func() (int, error) { return listsOf(c.PhoneNumber("1").Templates.List) }},
		{reflect.TypeFor[kirim.WebhookDelivery](), func(c *kirim.Client) func() (int, error) { return listsOf(c.WebhookDeliveries.List) }},
		{reflect.TypeFor[kirim.WebhookSubscription](), func(c *kirim.Client) func() (int, error) { return listsOf(c.WebhookSubscriptions.List) }},
	} {
		t.Run(tt.item.Name(), func(t *testing.T) {
			item, err := os.ReadFile("testdata/resources/" + tt.item.Name() + ".full.json")
			if err != nil {
				t.Fatal(err)
			}
			if tt.item == reflect.TypeFor[kirim.Message]() { // no message is of all types at once, as that one is
				item = []byte(textMessage)
			}
			wire := budgetWire{200, `{"data":[` + strings.Repeat(string(item)+",", 99) + string(item) + `],"has_more":false}`}
			bare := bareListAllocs(t, tt.item, wire)
			list := tt.list(wire.client(t))
			got := testing.AllocsPerRun(20, func() {
				if n, err := list(); err != nil || n != 100 {
					t.Fatalf("%d items, %v", n, err)
				}
			})
			t.Logf("%v allocations, %v with encoding/json: %.2f of it", got, bare, got/bare)
			most := bare
			if tt.item == reflect.TypeFor[kirim.MessageTemplate]() {
				most *= 1.25 // its cards, which the other type leaves out
			}
			if got > most {
				t.Errorf("%v allocations, %v with encoding/json", got, bare)
			}
		})
	}
}
