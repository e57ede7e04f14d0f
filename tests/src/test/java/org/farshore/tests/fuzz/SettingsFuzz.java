package org.farshore.tests.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import org.farshore.agent.SettingsAccess;
import org.farshore.dataplane.mastertarget.MasterTargetContext;
import org.farshore.dataplane.processserver.ProcessServerContext;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RoleDriverContext;
import org.farshore.dataplane.runtime.Settings;

/** A settings file of any role: read to its last key, or refused with exit code 78 and one line. */
public final class SettingsFuzz {
    private static final Path FILE = temporary();
    private static final String[] ROLES = {"agent", "process-server", "master-target"};

    private SettingsFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        if (input.length == 0) {
            return;
        }
        final String role = ROLES[(input[0] & 0xFF) % ROLES.length];
        try {
            Files.write(FILE, Arrays.copyOfRange(input, 1, input.length));
            final Settings settings = Settings.load(role, FILE, new Properties());
            switch (role) {
                case "agent" -> SettingsAccess.readAll(settings);
                case "process-server" -> ProcessServerContext.from(settings).conclude();
                default -> {
                    RoleDriverContext.from(role, settings);
                    new MasterTargetContext().configure(settings);
                }
            }
            settings.refuseUnknown();
        } catch (final FarshoreException e) {
            RecordMessageFuzz.require(e.exitCode() == ExitCode.CONFIGURATION, "exit " + e.exitCode() + ": " + e);
            RecordMessageFuzz.require(!e.getMessage().isBlank(), "a refusal without a word");
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<byte[]> seeds() {
        return List.of(
                seed(
                        0,
                        "farshore.agent.volume.root=/dev/sda\nfarshore.agent.ring.length=64m\nfarshore.agent.capture=scan\n"
                                + "farshore.agent.barrier.interval=250ms\nfarshore.agent.data.directory=/tmp/x\n"
                                + "farshore.agent.process-server=127.0.0.1:9443\nfarshore.agent.copy.rate=10m\n"),
                seed(
                        1,
                        "farshore.process-server.listen=127.0.0.1:9443\nfarshore.process-server.machines.max=5\n"
                                + "farshore.process-server.master-target=[::1]:9445\n"),
                seed(
                        2,
                        "farshore.master-target.machines=*\nfarshore.master-target.listen=127.0.0.1:9445\n"
                                + "farshore.master-target.journal.segment.length=64m\nfarshore.master-target.journal.limit=4g\n"
                                + "farshore.master-target.replica.root=/dev/sdb\nfarshore.master-target.apply.memory=32m\n"
                                + "farshore.master-target.direct.memory=\\u0033\\u0032m\n"));
    }

    private static byte[] seed(final int role, final String text) {
        return Inputs.input(role, text.getBytes(StandardCharsets.UTF_8));
    }

    private static Path temporary() {
        try {
            final Path memory = Path.of("/dev/shm");
            final Path file = Files.isWritable(memory)
                    ? Files.createTempFile(memory, "farshore-fuzz", ".properties")
                    : Files.createTempFile("farshore-fuzz", ".properties");
            file.toFile().deleteOnExit();
            return file;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
