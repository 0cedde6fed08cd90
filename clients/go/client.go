package hpod

import (
	"cmp"
	"context"
	"crypto/tls"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"hpod.dev/hpod-go/internal/hpov1"
)

const defaultServer = "127.0.0.1:13000"

// Client is a connection to one daemon. It may be used by several goroutines.
type Client struct {
	server     string
	connection *grpc.ClientConn
	studies    hpov1.StudyServiceClient
	trials     hpov1.TrialServiceClient
	retryFor   time.Duration
	// Ends when the client is closed.
	open  context.Context
	close context.CancelFunc
}

// Option is a setting of Dial.
type Option func(*options)

type options struct {
	tls      *tls.Config
	token    string
	retryFor time.Duration
}

// WithTLS encrypts the connection. The default is what HPOD_TLS_CA, HPOD_TLS_CERT and HPOD_TLS_KEY say (see Dial).
func WithTLS(config *tls.Config) Option { return func(o *options) { o.tls = config } }

// WithToken sends `authorization: Bearer TOKEN` with each call. The default is HPOD_TOKEN. Without TLS, everybody on the
// way can read it.
func WithToken(token string) Option { return func(o *options) { o.token = token } }

// WithRetryFor sets how long a call is repeated while the daemon is away; 0: not at all. The default is
// HPOD_RETRY_SECONDS, else two minutes.
func WithRetryFor(duration time.Duration) Option {
	return func(o *options) { o.retryFor = duration }
}

// Dial makes a client of the daemon at server ("host:port"); empty: HPOD_SERVER, else 127.0.0.1:13000. It makes no call
// yet.
//
// HPOD_TLS_CA turns TLS on: the PEM file of the authorities to trust, or `system`. HPOD_TLS_CERT and HPOD_TLS_KEY are
// the PEM files of the client's own certificate.
func Dial(server string, settings ...Option) (*Client, error) {
	chosen, err := optionsFromEnvironment()
	if err != nil {
		return nil, err
	}
	for _, set := range settings {
		set(&chosen)
	}
	server = cmp.Or(server, os.Getenv("HPOD_SERVER"), defaultServer)
	if err := checkServer(server); err != nil {
		return nil, err
	}
	connection, err := grpc.NewClient(server, dialOptions(chosen)...)
	if err != nil {
		return nil, err
	}
	client := &Client{
		server:     server,
		connection: connection,
		studies:    hpov1.NewStudyServiceClient(connection),
		trials:     hpov1.NewTrialServiceClient(connection),
		retryFor:   chosen.retryFor,
	}
	client.open, client.close = context.WithCancel(context.Background())
	return client, nil
}

// Close ends the connection. Leases that are held run out.
func (c *Client) Close() error {
	c.close()
	return c.connection.Close()
}

func dialOptions(chosen options) []grpc.DialOption {
	transport := insecure.NewCredentials()
	if chosen.tls != nil {
		transport = credentials.NewTLS(chosen.tls)
	}
	result := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		// gRPC's own pauses grow to two minutes: longer than a restart of the daemon takes.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		// Lists of trials with many reports are larger than gRPC's 4 MiB.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1 << 30)),
	}
	if chosen.tls == nil {
		// The daemon is on this machine or this network: a web proxy in the environment does not lead to it.
		result = append(result, grpc.WithNoProxy())
	}
	if chosen.token != "" {
		result = append(result, grpc.WithPerRPCCredentials(bearer(chosen.token)))
	}
	return result
}

// bearer is a token that is sent with each call.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// The daemon itself has no TLS; whether there is a proxy that has is the user's to say.
func (b bearer) RequireTransportSecurity() bool { return false }
