package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func newKey(a *app.App) *cobra.Command {
	store := &cobra.Command{
		Use: "store", Short: "Store the API key in the keychain", Args: app.Arguments(),
		Long: `Store an API key in the keychain of the operating system. It is typed without
being shown, or read from standard input. A key is stored for one system and one
base URL, and sent to no other.`,
		Example: `  kirim key store
  kirim key store --system cloudapi < token.txt`,
		RunE: func(*cobra.Command, []string) error {
			conn, err := a.Settings()
			if err != nil {
				return err
			}
			key, err := readKey(a)
			if err != nil {
				return err
			}
			if err := a.Keychain.Set(conn.KeychainEntry(), key); err != nil {
				return noKeychain(conn, err)
			}
			a.Note("Stored the API key of %s for %s.", conn.System.Title, conn.BaseURL.Text)
			return nil
		},
	}
	remove := &cobra.Command{
		Use: "remove", Short: "Remove the API key from the keychain", Args: app.Arguments(),
		RunE: func(*cobra.Command, []string) error {
			conn, err := a.Settings()
			if err != nil {
				return err
			}
			found, err := a.Keychain.Delete(conn.KeychainEntry())
			if err != nil {
				return noKeychain(conn, err)
			}
			if !found {
				return &app.Failure{Code: app.ExitNotFound, Err: errors.New("there is no such key in the keychain")}
			}
			a.Note("Removed the API key of %s for %s.", conn.System.Title, conn.BaseURL.Text)
			return nil
		},
	}
	group := newGroup(groupSetup, "key", "Store the API key in the keychain, or remove it", store, remove)
	a.AddBaseURLFlag(group)
	a.AddSystemFlag(group, app.SystemNames())
	return group
}

func noKeychain(conn *app.Connection, err error) error {
	return app.WithHint(fmt.Errorf("the keychain cannot be used: %w", err), "set %s or use --api-key-file where there is no keychain", conn.System.KeyVar)
}

// readKey reads a key without showing it.
func readKey(a *app.App) (string, error) {
	var text string
	if a.Interactive() {
		a.Note("API key (it is not shown):")
		typed, err := term.ReadPassword(int(a.In.(*os.File).Fd()))
		if err != nil {
			return "", err
		}
		text = string(typed)
	} else {
		line, err := bufio.NewReader(a.In).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		text = line
	}
	key := strings.TrimSpace(text)
	if key == "" {
		return "", app.Usagef("the API key is empty")
	}
	return key, nil
}
