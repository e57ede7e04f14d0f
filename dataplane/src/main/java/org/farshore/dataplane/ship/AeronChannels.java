package org.farshore.dataplane.ship;

import io.aeron.ChannelUriStringBuilder;
import io.aeron.CommonContext;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RoleDriver;

/**
 * Names of the streams of a hop, for one receiver's address {@code host:port}.
 *
 * <pre>
 *   hello     endpoint=host:port    stream 1001, any session   sender   -> receiver   64 KiB terms
 *   response  control=host:port+1   stream 1002, any session   receiver -> sender     64 KiB terms, control-mode=response
 *   data      endpoint=host:port    stream and session random  sender   -> receiver   4 MiB terms
 * </pre>
 *
 * <p>On loopback a datagram may be as long as IP allows, so that one batch is one frame; elsewhere the role's MTU
 * counts and Aeron cuts a batch into frames. Aeron wants a term of at least eight MTU, hence 8 KiB on the small streams.
 */
final class AeronChannels {
    static final int HELLO_STREAM_ID = 1001;
    static final int RESPONSE_STREAM_ID = 1002;
    static final int CONTROL_TERM_LENGTH = 64 << 10;
    static final int LOOPBACK_MTU_LENGTH = 65_504;

    private static final int CONTROL_MTU_LENGTH_MAX = 8192;

    private final String host;
    private final int port;
    private final int mtuLength;

    AeronChannels(final String endpoint, final int loopbackMtuLength, final int networkMtuLength) {
        final int colon = endpoint.lastIndexOf(':');
        this.host = colon <= 0 ? "" : endpoint.substring(0, colon);
        this.port = colon <= 0 ? 0 : parsePort(endpoint.substring(colon + 1));
        if (host.isEmpty() || port < 1 || port > 65_534) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION, "endpoint " + endpoint + " must be host:port with a port from 1 to 65534");
        }
        this.mtuLength = isLoopback() ? loopbackMtuLength : networkMtuLength;
    }

    /** True for what can be known as this machine without asking a name server. */
    boolean isLoopback() {
        return host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]");
    }

    /** Receiver: everybody's hello. */
    String helloSubscription() {
        return receiving().build();
    }

    /** Receiver: one sender's data; nobody else's session is let in, and a lost one does not come back. */
    String dataSubscription(final int sessionId) {
        return receiving().sessionId(sessionId).rejoin(false).build();
    }

    /** Receiver: the way back to the sender of one hello image. */
    String responsePublication(final long imageCorrelationId) {
        return udp().controlMode(CommonContext.CONTROL_MODE_RESPONSE)
                .controlEndpoint(host + ':' + (port + 1))
                .responseCorrelationId(imageCorrelationId)
                .termLength(CONTROL_TERM_LENGTH)
                .mtu(controlMtuLength())
                .build();
    }

    /** Sender: where answers arrive; on loopback the socket is not reachable from elsewhere. */
    String responseSubscription() {
        final ChannelUriStringBuilder channel =
                udp().controlMode(CommonContext.CONTROL_MODE_RESPONSE).controlEndpoint(host + ':' + (port + 1));
        return (isLoopback() ? channel.endpoint(host + ":0") : channel).build();
    }

    /** Sender: hello, asking for a way back into one response subscription. */
    String helloPublication(final long responseRegistrationId) {
        return udp().endpoint(host + ':' + port)
                .responseCorrelationId(responseRegistrationId)
                .termLength(CONTROL_TERM_LENGTH)
                .mtu(controlMtuLength())
                .build();
    }

    /** Sender: data, with the session that the receiver expects. */
    String dataPublication(final int sessionId) {
        return udp().endpoint(host + ':' + port)
                .sessionId(sessionId)
                .termLength(RoleDriver.TERM_LENGTH)
                .mtu(mtuLength)
                .build();
    }

    private ChannelUriStringBuilder receiving() {
        return udp().endpoint(host + ':' + port);
    }

    private int controlMtuLength() {
        return Math.min(mtuLength, CONTROL_MTU_LENGTH_MAX);
    }

    private static ChannelUriStringBuilder udp() {
        return new ChannelUriStringBuilder().media(CommonContext.UDP_MEDIA);
    }

    private static int parsePort(final String text) {
        try {
            return Integer.parseInt(text);
        } catch (final NumberFormatException e) {
            return 0;
        }
    }
}
