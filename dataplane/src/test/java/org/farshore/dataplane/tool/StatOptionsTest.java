package org.farshore.dataplane.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.junit.jupiter.api.Test;

class StatOptionsTest {
    @Test
    void shouldLookOnceAtEverythingByDefault() {
        final StatOptions options = StatOptions.parse();

        assertThat(options.watchMs()).isZero();
        assertThat(options.json()).isFalse();
        assertThat(options.directories()).isEmpty();
    }

    @Test
    void shouldTakeSecondsAfterWatchOrDoWithout() {
        assertThat(StatOptions.parse("--watch").watchMs()).isEqualTo(1000);
        assertThat(StatOptions.parse("--watch", "2.5").watchMs()).isEqualTo(2500);
        assertThat(StatOptions.parse("--watch=5", "--json").watchMs()).isEqualTo(5000);
        assertThat(StatOptions.parse("--watch", "--json").json()).isTrue();
    }

    @Test
    void shouldTakeSeveralDirectories() {
        assertThat(StatOptions.parse("--dir", "/a", "--dir=/b").directories())
                .containsExactly(Path.of("/a"), Path.of("/b"));
    }

    @Test
    void shouldSayWhatItDoesNotUnderstand() {
        assertThatThrownBy(() -> StatOptions.parse("--wach")).hasMessageContaining("--wach");
        assertThatThrownBy(() -> StatOptions.parse("--watch", "soon")).hasMessageContaining("soon");
        assertThatThrownBy(() -> StatOptions.parse("--watch", "0")).hasMessageContaining("0.1");
        assertThatThrownBy(() -> StatOptions.parse("--dir")).hasMessageContaining("--dir");
    }

    @Test
    void shouldExplainEveryCounterInItsHelp() {
        final String help = StatOptions.helpText();

        for (final ReplicationCounter counter : ReplicationCounter.values()) {
            assertThat(help).contains(counter.label()).contains(counter.meaning());
        }
    }
}
