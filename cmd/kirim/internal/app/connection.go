package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/apimessaging"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/gateway/connexease"
	"github.com/kirim-go/kirim/gateway/michow"
	"github.com/kirim-go/kirim/gateway/shingle"
)

// Connection is a system, a base URL and a key.
type Connection struct {
	System  System
	BaseURL Value
	From    Value  // the sender; empty when it is not set
	Config  string // the configuration file, which need not exist

	app      *App
	keyFile  Value
	key      string
	insecure bool
	// KeyOrigin is where the key came from.
	KeyOrigin string
}

// Settings resolves the settings without looking for a key.
func (a *App) Settings() (*Connection, error) { return a.connection() }

// Connect resolves the settings and finds the API key. The systems are those
// that the command is for; none means all.
func (a *App) Connect(systems ...string) (*Connection, error) {
	conn, err := a.connection()
	if err != nil {
		return nil, err
	}
	if len(systems) > 0 && !slices.Contains(systems, conn.System.Name) {
		return nil, WithHint(Usagef("this command is not for %s", conn.System.Title), "it is for %s: check --system, KIRIM_SYSTEM and the configuration file", strings.Join(systems, " and "))
	}
	if conn.BaseURL.Text == "" {
		return nil, Usagef("%s has no base URL of its own: give --base-url or set %s", conn.System.Title, conn.System.BaseURLVar())
	}
	return conn, conn.FindKey()
}

// KeychainEntry is the name of the key in the keychain.
func (c *Connection) KeychainEntry() string { return c.System.Name + " " + c.BaseURL.Text }

// Pretend lets a connection without a key, a sender or a base URL make requests
// that are never sent.
func (c *Connection) Pretend() {
	c.key = "dry-run"
	c.From.Text = cmp.Or(c.From.Text, "PHONE_NUMBER_ID")
	c.BaseURL.Text = cmp.Or(c.BaseURL.Text, "https://base-url.invalid")
}

// FindKey looks for the API key: in the file of the flag, the environment, the
// file of the environment or of the configuration, and the keychain.
func (c *Connection) FindKey() error {
	if key := c.app.Getenv(c.System.KeyVar); key != "" && c.keyFile.Origin != "--api-key-file" {
		c.key, c.KeyOrigin = key, "$"+c.System.KeyVar
		return nil
	}
	if c.keyFile.Text != "" {
		key, err := ReadSecretFile(c.keyFile.Text)
		if err != nil {
			return &Failure{
				Code: ExitAuth, Err: fmt.Errorf("the API key cannot be read (%s): %w", c.keyFile.Origin, err),
				Hint: "name a file that has the key and nothing else",
			}
		}
		c.key, c.KeyOrigin = key, c.keyFile.Text
		return nil
	}
	key, found, err := c.app.Keychain.Get(c.KeychainEntry())
	if found {
		c.key, c.KeyOrigin = key, "the keychain"
		return nil
	}
	missing := &Failure{
		Code: ExitAuth,
		Err:  fmt.Errorf("there is no API key of %s for %s", c.System.Title, c.BaseURL.Text),
		Hint: fmt.Sprintf("set %s, name a file with --api-key-file, or run kirim key store", c.System.KeyVar),
	}
	if err != nil {
		missing.Err = fmt.Errorf("%w (the keychain cannot be asked: %w)", missing.Err, err)
	}
	return missing
}

// ReadSecretFile returns the content of a file without the white space around it.
func ReadSecretFile(name string) (string, error) {
	text, err := readSmallFile(name)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", fmt.Errorf("%s is empty", name)
	}
	return secret, nil
}

func (c *Connection) options() []kirim.Option {
	opts := []kirim.Option{
		kirim.WithBaseURL(c.BaseURL.Text),
		kirim.WithUserAgent("kirim-cli/" + kirim.Version),
	}
	if c.insecure {
		opts = append(opts, kirim.WithInsecureHTTP())
	}
	if c.app.verbose {
		opts = append(opts, kirim.WithLogger(slog.New(slog.NewTextHandler(c.app.Err, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	}
	return opts
}

// Kirim returns a client of Kirim.
func (c *Connection) Kirim(extra ...kirim.Option) (*kirim.Client, error) {
	return usable[kirim.Client](c)(kirim.NewClient(c.key, append(c.options(), extra...)...))
}

// CloudAPI returns a client of the Cloud API.
func (c *Connection) CloudAPI(extra ...kirim.Option) (*cloudapi.Client, error) {
	client, err := usable[cloudapi.Client](c)(cloudapi.NewClient(c.key, append(c.options(), extra...)...))
	if secret := c.app.Getenv("META_APP_SECRET"); err == nil && secret != "" {
		client = client.WithAppSecret(secret)
	}
	return client, err
}

// Number returns a business number of Kirim.
func (c *Connection) Number() (*kirim.PhoneNumber, error) {
	client, err := c.Kirim()
	if err != nil {
		return nil, err
	}
	id, err := c.Sender()
	if err != nil {
		return nil, err
	}
	return client.PhoneNumber(id), nil
}

// Sender returns the id of the sender; it is empty where the key chooses it.
func (c *Connection) Sender() (string, error) {
	if c.System.FromVar != "" && c.From.Text == "" {
		return "", &Failure{
			Code: ExitUsage,
			Err:  fmt.Errorf("the %s of the business number is not set", c.System.From),
			Hint: fmt.Sprintf("give --from or set %s; kirim accounts list shows the numbers of a Kirim account", c.System.FromVar),
		}
	}
	return c.From.Text, nil
}

// MessageSender sends messages of any system.
type MessageSender interface {
	Send(ctx context.Context, message kirim.OutboundMessage, opts ...kirim.RequestOption) (*kirim.AcceptedMessage, error)
}

// Messages returns what sends from the chosen number of the chosen system, with
// further options of its client.
func (c *Connection) Messages(extra ...kirim.Option) (MessageSender, error) {
	from, err := c.Sender()
	if err != nil {
		return nil, err
	}
	switch c.System.Name {
	case CloudAPI:
		client, err := c.CloudAPI(extra...)
		if err != nil {
			return nil, err
		}
		return client.PhoneNumber(from), nil
	case APIMessaging:
		client, err := usable[apimessaging.Client](c)(apimessaging.NewClient(c.key, append(c.options(), extra...)...))
		if err != nil {
			return nil, err
		}
		return client.WithSession(from), nil
	case MichoW:
		return usable[michow.Client](c)(michow.NewClient(c.key, append(c.options(), extra...)...))
	case Connexease:
		return usable[connexease.Client](c)(connexease.NewClient(c.key, append(c.options(), extra...)...))
	case Shingle:
		return usable[shingle.Client](c)(shingle.NewClient(c.key, append(c.options(), extra...)...))
	}
	client, err := c.Kirim(extra...)
	if err != nil {
		return nil, err
	}
	return client.PhoneNumber(from).Messages, nil
}

// usable marks the errors of a constructor as wrong usage, and says where the
// settings came from.
func usable[T any](c *Connection) func(*T, error) (*T, error) {
	return func(client *T, err error) (*T, error) {
		if err == nil {
			return client, nil
		}
		hint := fmt.Sprintf("check the key (from %s) and the base URL (from %s)", c.KeyOrigin, c.BaseURL.Origin)
		if u, err := url.Parse(c.BaseURL.Text); err == nil && IsPlainToOthers(u) && !c.insecure {
			hint += "; --insecure-http allows plain HTTP to other hosts"
		}
		return nil, WithHint(Usagef("%w", err), "%s", hint)
	}
}
