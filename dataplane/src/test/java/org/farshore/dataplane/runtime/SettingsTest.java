package org.farshore.dataplane.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    @TempDir
    private Path directory;

    @Test
    void systemPropertyWinsOverFileAndFileOverDefault() throws IOException {
        final Path file = file("farshore.agent.ring.length=64m", "farshore.agent.instance=fromfile");
        final Properties system = new Properties();
        system.setProperty("farshore.agent.instance", "fromsystem");
        final Settings settings = Settings.load("agent", file, system);

        assertThat(settings.bytes("ring.length", "128m", 1, Long.MAX_VALUE)).isEqualTo(64L << 20);
        assertThat(settings.text("instance", "default")).isEqualTo("fromsystem");
        assertThat(settings.bytes("copy.rate", "1g", 0, Long.MAX_VALUE)).isEqualTo(1L << 30);
    }

    @Test
    void refusesAnUnknownKeyWithTheNearestKnownOneAsHint() throws IOException {
        final Settings settings = settings("farshore.agent.ring.lenght=64m");
        settings.bytes("ring.length", "128m", 1, Long.MAX_VALUE);

        assertThatThrownBy(settings::refuseUnknown)
                .isInstanceOf(FarshoreException.class)
                .hasMessageContaining("unknown key farshore.agent.ring.lenght")
                .hasMessageContaining("did you mean farshore.agent.ring.length?");
    }

    @Test
    void ignoresSystemPropertiesOfOtherRoles() {
        final Properties system = new Properties();
        system.setProperty("farshore.master-target.listen", "x");
        Settings.load("agent", null, system).refuseUnknown();
    }

    @Test
    void namesKeyValueAndFileWhenASizeIsNone() throws IOException {
        final Settings settings = settings("farshore.agent.ring.length=much");

        assertThatThrownBy(() -> settings.bytes("ring.length", "128m", 1, Long.MAX_VALUE))
                .hasMessageContaining("farshore.agent.ring.length=much in ")
                .hasMessageContaining("is no size");
    }

    @Test
    void refusesAValueOutsideItsBoundsAndOneThatOverflows() throws IOException {
        final Settings settings = settings("farshore.agent.ring.length=2m", "farshore.agent.copy.rate=99999999999t");

        assertThatThrownBy(() -> settings.bytes("ring.length", "1m", 0, 1 << 20))
                .hasMessageContaining("between");
        assertThatThrownBy(() -> settings.bytes("copy.rate", "1m", 0, Long.MAX_VALUE))
                .hasMessageContaining("too large");
    }

    @Test
    void readsDurationsInEveryUnit() throws IOException {
        final Settings settings = settings(
                "farshore.agent.a=7ns",
                "farshore.agent.b=7us",
                "farshore.agent.c=7ms",
                "farshore.agent.d=7s",
                "farshore.agent.e=7m",
                "farshore.agent.f=7h",
                "farshore.agent.g=7");

        assertThat(duration(settings, "a")).isEqualTo(7L);
        assertThat(duration(settings, "b")).isEqualTo(7_000L);
        assertThat(duration(settings, "c")).isEqualTo(7_000_000L);
        assertThat(duration(settings, "d")).isEqualTo(7_000_000_000L);
        assertThat(duration(settings, "e")).isEqualTo(420_000_000_000L);
        assertThat(duration(settings, "f")).isEqualTo(25_200_000_000_000L);
        assertThatThrownBy(() -> duration(settings, "g")).hasMessageContaining("is no duration");
    }

    @Test
    void groupsAreKnownByTheirPrefix() throws IOException {
        final Settings settings = settings("farshore.agent.volume.data=/dev/b", "farshore.agent.volume.boot=/dev/a");

        assertThat(settings.group("volume")).containsExactly(entry("boot", "/dev/a"), entry("data", "/dev/b"));
        settings.refuseUnknown();
    }

    @Test
    void printsWhatIsInForce() throws IOException {
        final Settings settings = settings("farshore.agent.instance=x");
        settings.text("instance", "default");
        settings.count("volumes", 3, 1, 9);
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        settings.print(new PrintStream(bytes, true, StandardCharsets.UTF_8));

        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .isEqualToNormalizingNewlines("farshore.agent.instance=x\nfarshore.agent.volumes=3\n");
    }

    private static Map.Entry<String, String> entry(final String key, final String value) {
        return Map.entry(key, value);
    }

    private static long duration(final Settings settings, final String thing) {
        return settings.durationNs(thing, "1s", 0, Long.MAX_VALUE);
    }

    private Settings settings(final String... lines) throws IOException {
        return Settings.load("agent", file(lines), new Properties());
    }

    private Path file(final String... lines) throws IOException {
        return Files.write(directory.resolve("agent.properties"), List.of(lines));
    }
}
