package contract

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http/httptest"
	"os"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/flows"
	"github.com/kirim-go/kirim/kirimtest"
)

// flows makes the requests about flows.
func (c *control) flows(s *kirimtest.Server, customer string) {
	c.t.Helper()
	table, err := os.ReadFile("../docs/flows/table.json")
	if err != nil {
		c.t.Fatal(err)
	}
	public, endpoint := c.endpoint(s)
	withEndpoint, err := json.Marshal(map[string]any{"name": "table", "definition": json.RawMessage(table), "endpoint": endpoint, "public_key": public, "app_secret": s.AppSecret})
	if err != nil {
		c.t.Fatal(err)
	}
	without := `{"definition":` + string(table) + `}`

	c.call(200, "PUT", "api/flows/1", string(withEndpoint))
	c.call(400, "PUT", "api/flows/1", `{}`)
	c.call(200, "POST", "api/scenario", `{"flows":[{"id":"2","definition":`+string(table)+`}]}`)
	c.call(200, "GET", "api/flows", "")
	c.call(200, "POST", "api/flows/1/ping", "")
	c.call(400, "POST", "api/flows/2/ping", "")
	c.call(404, "POST", "api/flows/none/ping", "")
	c.call(200, "PUT", "api/flows/3", `{"definition":`+string(table)+`,"endpoint":"http://127.0.0.1:1/"}`)
	c.call(422, "POST", "api/flows/3/ping", "")
	c.call(200, "DELETE", "api/flows/2", "")
	c.call(404, "DELETE", "api/flows/2", "")
	c.call(200, "PUT", "api/flows/2", without)

	s.SetLastInbound(customer, s.Now())
	path := c.opener(s, customer, kirim.Flow{Body: "?", Button: "Go", ID: "2", Token: "t-1"})
	c.call(409, "GET", path, "")
	c.call(409, "PUT", path+"/values", `{}`)
	c.call(201, "POST", path, "")
	c.call(404, "POST", "api/messages/msg_1/flow", "")
	c.call(422, "POST", c.opener(s, customer, kirim.Text{Body: "No flow"}), "")
	c.call(400, "POST", c.opener(s, customer, kirim.Flow{Body: "?", Button: "Go", ID: "2", Screen: "NOWHERE"}), "")
	c.call(200, "GET", path, "")
	c.call(200, "PUT", path+"/values", `{"values":{"name":"Ana"}}`)
	c.call(400, "PUT", path+"/values", `{"values":{"x":1}}`)
	c.call(422, "POST", path+"/press", `{}`)
	c.call(200, "POST", path+"/press", `{"show_errors":true}`)
	c.call(400, "POST", path+"/press", `{"press":"x"}`)
	c.call(409, "POST", path+"/press", `{"screen":"CONFIRM"}`)
	c.call(200, "POST", path+"/select", `{"field":"guests","option":"2","chosen":true}`)
	c.call(400, "POST", path+"/select", `{"field":"x"}`)
	c.call(409, "POST", path+"/select", `{"field":"guests","screen":"CONFIRM"}`)
	c.call(422, "POST", path+"/retry", `{}`)
	c.call(409, "POST", path+"/retry", `{"screen":"CONFIRM"}`)
	c.call(400, "POST", path+"/back", `{}`)
	c.call(200, "POST", path+"/press", `{"screen":"TABLE","values":{"name":"Ana","day":"2026-12-02","guests":"2","place":"inside"}}`)
	c.call(200, "POST", path+"/back", `{}`)
	c.call(409, "POST", path+"/back", `{"screen":"CONFIRM"}`)
	c.call(400, "POST", path+"/complete", `{"response":null}`)
	c.call(409, "POST", path+"/complete", `{"screen":"CONFIRM","response":{}}`)
	c.call(200, "POST", path+"/complete", `{"response":{"a":1}}`)
	c.call(422, "POST", path+"/complete", `{"response":{}}`)
	c.call(200, "DELETE", path, "")
	c.call(404, "DELETE", "api/messages/msg_1/flow", "")

	path = c.opener(s, customer, kirim.Flow{Body: "?", Button: "Go", ID: "2", Action: kirim.FlowDataExchange}) // without an endpoint
	c.call(201, "POST", path, "")
	c.call(200, "POST", path+"/retry", `{}`)
}

// opener sends a message and returns the path of its flow.
func (c *control) opener(s *kirimtest.Server, to string, content kirim.Content) string {
	c.t.Helper()
	client, err := s.Client()
	if err != nil {
		c.t.Fatal(err)
	}
	sent, err := client.PhoneNumber(s.PhoneNumberID).Messages.Send(c.t.Context(), kirim.OutboundMessage{To: to, Content: content})
	if err != nil {
		c.t.Fatal(err)
	}
	return "api/messages/" + sent.ID + "/flow"
}

// endpoint is the data endpoint of a service, and its public key.
func (c *control) endpoint(s *kirimtest.Server) (public, url string) {
	c.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		c.t.Fatal(err)
	}
	if public, err = flows.PublicKeyPEM(key); err != nil {
		c.t.Fatal(err)
	}
	handler, err := flows.NewHandler([]*rsa.PrivateKey{key}, func(context.Context, *flows.Request) (*flows.Response, error) {
		return flows.Next("TABLE", nil), nil
	}, flows.WithAppSecrets(s.AppSecret))
	if err != nil {
		c.t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	c.t.Cleanup(server.Close)
	return public, server.URL
}
