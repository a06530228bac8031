package routers

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"

	"github.com/kirim-go/kirim"
)

const secret = "whsec_EXAMPLE"

func routers() map[string]func(hooks http.Handler, before http.HandlerFunc) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	return map[string]func(http.Handler, http.HandlerFunc) http.Handler{
		"net/http": func(hooks http.Handler, before http.HandlerFunc) http.Handler {
			mux := http.NewServeMux()
			mux.HandleFunc("POST /hooks", func(w http.ResponseWriter, r *http.Request) {
				before(w, r)
				hooks.ServeHTTP(w, r)
			})
			return mux
		},
		"chi": func(hooks http.Handler, before http.HandlerFunc) http.Handler {
			router := chi.NewRouter()
			router.Use(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					before(w, r)
					next.ServeHTTP(w, r)
				})
			})
			router.Method(http.MethodPost, "/hooks", hooks)
			return router
		},
		"gin": func(hooks http.Handler, before http.HandlerFunc) http.Handler {
			router := gin.New()
			router.Use(gin.Recovery(), gin.WrapF(before))
			router.POST("/hooks", gin.WrapH(hooks))
			return router
		},
		"echo": func(hooks http.Handler, before http.HandlerFunc) http.Handler {
			router := echo.New()
			router.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
				return func(c echo.Context) error {
					before(c.Response(), c.Request())
					return next(c)
				}
			})
			router.POST("/hooks", echo.WrapHandler(hooks))
			return router
		},
	}
}

func TestDeliveryArrivesBehindEveryRouter(t *testing.T) {
	verifier, err := kirim.NewWebhookVerifier(secret)
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"id":"evt_1","type":"conversation.closed","data":{"conversation":{"id":"cnv_1"}}}`)
	consume := func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }
	nothing := func(http.ResponseWriter, *http.Request) {}
	for name, mount := range routers() {
		for _, tt := range []struct {
			name   string
			secret string
			body   []byte
			before http.HandlerFunc
			want   int
		}{
			{"a good delivery", secret, body, nothing, 200},
			{"a foreign signature", "whsec_nobody", body, nothing, 401},
			{"4 MiB", secret, make([]byte, 4<<20), nothing, 413},
			{"a body that a middleware has read", secret, body, consume, 500},
		} {
			t.Run(name+": "+tt.name, func(t *testing.T) {
				hooks := kirim.NewWebhookHandler(verifier)
				closed := make(chan string, 1)
				hooks.OnConversationClosed(func(_ context.Context, c *kirim.ConversationClosed) error {
					closed <- c.ConversationID
					return nil
				})
				server := httptest.NewServer(mount(hooks, tt.before))
				defer server.Close()
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/hooks", bytes.NewReader(tt.body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("X-Kirim-Signature", kirim.SignWebhook(tt.secret, time.Now(), tt.body))
				res, err := server.Client().Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				if res.StatusCode != tt.want {
					t.Errorf("answer %d, want %d", res.StatusCode, tt.want)
				}
				if tt.want == 200 && <-closed != "cnv_1" {
					t.Error("another conversation")
				}
			})
		}
	}
}
