package org.farshore.dataplane.nbd;

import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** How an export is named to users: what nbdinfo, nbdcopy, qemu-img and others take as an argument. */
public final class NbdUri {
    /** RFC 3986's unreserved characters, and the slash. */
    private static final String PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

    private NbdUri() {}

    /** {@code nbd+unix:///NAME?socket=PATH}. */
    public static String unix(final String name, final Path socket) {
        return "nbd+unix:///" + escape(name) + "?socket="
                + escape(socket.toAbsolutePath().toString());
    }

    /** {@code nbd://HOST:PORT/NAME}. */
    public static String tcp(final String name, final InetSocketAddress address) {
        final String host = address.getAddress().getHostAddress();
        final String literal = address.getAddress() instanceof Inet6Address ? "[" + host + "]" : host;
        return "nbd://" + literal + ":" + address.getPort() + "/" + escape(name);
    }

    private static String escape(final String text) {
        final StringBuilder escaped = new StringBuilder(text.length());
        for (final byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (b > 0 && PLAIN.indexOf(b) >= 0) {
                escaped.append((char) b);
            } else {
                escaped.append(String.format("%%%02X", b & 0xFF));
            }
        }
        return escaped.toString();
    }
}
