package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// It also fails for a kind in the tables that does not exist.
func TestTheCommittedFileIsUpToDate(t *testing.T) {
	t.Parallel()
	want, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, fileName))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what internal/system says: run go generate . in the root", fileName)
	}
}

func TestAKindThatDoesNotExistIsRefused(t *testing.T) {
	t.Parallel()
	kinds, err := kindConstants(filepath.Join(root, kindsFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ kind, where string }{
		{"plan_limit", "kirim.go"},
		{"method_not_allowed", "apimessaging.go"},
		{"upstream_auth", "connexease.go"},
	} {
		without := map[string]string{}
		for kind, name := range kinds {
			if kind != tt.kind {
				without[kind] = name
			}
		}
		if err := checkKinds(without); err == nil || !strings.Contains(err.Error(), tt.where) || !strings.Contains(err.Error(), `"`+tt.kind+`"`) {
			t.Errorf("without the constant for %q: %v", tt.kind, err)
		}
	}
}

func TestACodeGivesTheNameOfItsConstant(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"outside_24h_window":           "CodeOutside24hWindow",
		"invalid_api_key":              "CodeInvalidAPIKey",
		"invalid_webhook_url":          "CodeInvalidWebhookURL",
		"whatsapp_number_not_verified": "CodeWhatsAppNumberNotVerified",
		"conflict":                     "CodeConflict",
	} {
		if got := constantOf(code); got != want {
			t.Errorf("%s gives %s, want %s", code, got, want)
		}
	}
}
