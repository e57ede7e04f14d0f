package org.farshore.perf.nbd;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersReader;
import org.farshore.dataplane.nbd.FileExport;
import org.farshore.dataplane.nbd.NbdServer;
import org.farshore.dataplane.nbd.NbdServerContext;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.ReplicationCounter;

/**
 * Serves flat files by the product's NBD server until its standard input ends, then prints what the server counted:
 * {@code NbdFlatFileServer SOCKET [--read-only] NAME=FILE...}.
 */
public final class NbdFlatFileServer {
    private NbdFlatFileServer() {}

    /** Counters in this process alone: nobody else looks at them while it runs. */
    private static final class LocalCounters implements CounterFactory {
        private final Map<String, AtomicCounter> counters = new HashMap<>();

        @Override
        public AtomicCounter newCounter(final ReplicationCounter descriptor, final String subject) {
            final AtomicCounter counter =
                    new AtomicCounter(new UnsafeBuffer(new byte[CountersReader.COUNTER_LENGTH]), 0);
            counters.put(descriptor.label() + (subject.isEmpty() ? "" : "[" + subject + "]"), counter);
            return counter;
        }

        void print() {
            counters.entrySet().stream()
                    .filter(entry -> entry.getValue().getPlain() != 0)
                    .sorted(Map.Entry.comparingByKey())
                    .forEach(entry -> System.out.println(
                            entry.getKey() + "=" + entry.getValue().getPlain()));
        }
    }

    /** Serves; prints the URI of each export once it can be reached. */
    public static void main(final String[] arguments) throws IOException {
        final List<String> rest = new ArrayList<>(List.of(arguments));
        final boolean readOnly = rest.remove("--read-only");
        if (rest.size() < 2 || rest.stream().skip(1).anyMatch(pair -> pair.indexOf('=') < 1)) {
            System.err.println("usage: NbdFlatFileServer SOCKET [--read-only] NAME=FILE...");
            System.exit(2);
        }
        final LocalCounters counters = new LocalCounters();
        try (NbdServer server = NbdServer.launch(new NbdServerContext()
                .unixSocket(Path.of(rest.get(0)))
                .counterFactory(counters)
                .errorHandler(cause -> System.err.println("nbd: " + cause)))) {
            for (final String pair : rest.subList(1, rest.size())) {
                final int equals = pair.indexOf('=');
                final String name = pair.substring(0, equals);
                server.add(
                        name, new FileExport(new ChannelBlockFiles(), Path.of(pair.substring(equals + 1)), readOnly));
                server.uris(name).forEach(System.out::println);
            }
            System.in.transferTo(OutputStream.nullOutputStream());
            counters.print();
        }
    }
}
