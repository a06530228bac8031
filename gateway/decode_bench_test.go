package gateway_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/internal/system"
)

// BenchmarkDecodeError reads an error of each system with the decoder of its
// package, beside Kirim's own: none may cost more than 1.3 times as much.
func BenchmarkDecodeError(b *testing.B) {
	for sys := range system.All() {
		known, code := systems[sys], sys.Codes[0]
		body := []byte(strings.NewReplacer("CODE", code.Code, "999", fmt.Sprint(code.Status)).Replace(known.body))
		header := http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"req_1"}}
		b.Run("system="+sys.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if e := known.decode(code.Status, header, body); string(e.Code) != code.Code {
					b.Fatal(e)
				}
			}
		})
	}
}
