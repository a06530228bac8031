package kirim_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// naiveVerify is what a program does that has no package for it.
func naiveVerify(secret, header string, body []byte) bool {
	stamp, signature, _ := strings.Cut(strings.TrimPrefix(header, "t="), ",v1=")
	t, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || time.Since(time.Unix(t, 0)).Abs() > 300*time.Second {
		return false
	}
	want, err := hex.DecodeString(signature)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return hmac.Equal(mac.Sum(nil), want)
}

// naiveEvent is the same message in structs written by hand.
type naiveEvent struct {
	Object string `json:"object"`
	Entry  []struct {
		ID      string `json:"id"`
		Changes []struct {
			Field string `json:"field"`
			Value struct {
				Metadata struct {
					DisplayPhoneNumber string `json:"display_phone_number"`
					PhoneNumberID      string `json:"phone_number_id"`
				} `json:"metadata"`
				Contacts []struct {
					Profile struct {
						Name string `json:"name"`
					} `json:"profile"`
					WAID string `json:"wa_id"`
				} `json:"contacts"`
				Messages []struct {
					From      string `json:"from"`
					ID        string `json:"id"`
					Timestamp string `json:"timestamp"`
					Type      string `json:"type"`
					Text      *struct {
						Body string `json:"body"`
					} `json:"text"`
				} `json:"messages"`
			} `json:"value"`
		} `json:"changes"`
	} `json:"entry"`
}

func benchBody(b *testing.B) []byte {
	body, err := os.ReadFile("testdata/events/text.json")
	if err != nil {
		b.Fatal(err)
	}
	var compact json.RawMessage = body
	body, _ = json.Marshal(compact)
	const size = 550
	pad := size - len(body)
	if pad < 0 {
		b.Fatalf("the body has %d bytes", len(body))
	}
	return []byte(strings.Replace(string(body), `"body":"`, `"body":"`+strings.Repeat("x", pad), 1))
}

func BenchmarkWebhookVerify(b *testing.B) {
	body := benchBody(b)
	header := http.Header{"X-Kirim-Signature": {kirim.SignWebhook(testSecret, time.Now(), body)}}
	v, _ := kirim.NewWebhookVerifier(testSecret)
	b.Run("kirim", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := v.Verify(header, body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("naive", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !naiveVerify(testSecret, header.Get("X-Kirim-Signature"), body) {
				b.Fatal("no match")
			}
		}
	})
}

func BenchmarkWebhookEvent(b *testing.B) {
	body := benchBody(b)
	header := http.Header{"X-Kirim-Signature": {kirim.SignWebhook(testSecret, time.Now(), body)}}
	v, _ := kirim.NewWebhookVerifier(testSecret)
	reader := &rewinding{data: body}
	r := &http.Request{Method: http.MethodPost, Header: header, ContentLength: int64(len(body)), Body: reader}
	b.Run("kirim", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			reader.pos = 0
			if _, err := v.Event(r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("naive", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			reader.pos = 0
			body := make([]byte, r.ContentLength)
			reader.Read(body)
			var e naiveEvent
			if !naiveVerify(testSecret, header.Get("X-Kirim-Signature"), body) || json.Unmarshal(body, &e) != nil {
				b.Fatal("no match")
			}
		}
	})
}
