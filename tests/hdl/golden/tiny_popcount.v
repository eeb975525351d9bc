// popcount of tiny
module tiny_popcount (
    input wire clk,
    input wire [4:0] from_core,
    output wire [5:0] to_argmax,
    output wire [5:0] result
);
    wire l1_n0_r3 = from_core[0];
    wire l1_n1_r3 = from_core[1];
    wire l1_n2_r3 = from_core[2];
    wire l1_n3_r3 = from_core[3];
    wire l1_n4_r3 = from_core[4];

    // stage 3
    wire score1_0 = ~l1_n3_r3;
    wire score1_2 = ~l1_n2_r3;
    wire [1:0] chain_score0_0 = {1'b0, l1_n1_r3} + {1'b0, l1_n0_r3};
    wire score0_0 = chain_score0_0[0];
    wire score0_1 = chain_score0_0[1];
    wire [1:0] chain_score2_0 = {1'b0, l1_n4_r3} + {1'b0, 1'b1};
    wire score2_0 = chain_score2_0[0];
    wire score2_1 = chain_score2_0[1];

    // registers in front of stage 4
    reg
        score0_0_r4, score0_1_r4, score2_0_r4, score2_1_r4, score1_0_r4, score1_2_r4;
    always @(posedge clk) begin
        score0_0_r4 <= score0_0;
        score0_1_r4 <= score0_1;
        score2_0_r4 <= score2_0;
        score2_1_r4 <= score2_1;
        score1_0_r4 <= score1_0;
        score1_2_r4 <= score1_2;
    end

    // registers in front of stage 5
    reg
        score0_0_r5, score0_1_r5, score2_0_r5, score2_1_r5, score1_0_r5, score1_2_r5;
    always @(posedge clk) begin
        score0_0_r5 <= score0_0_r4;
        score0_1_r5 <= score0_1_r4;
        score2_0_r5 <= score2_0_r4;
        score2_1_r5 <= score2_1_r4;
        score1_0_r5 <= score1_0_r4;
        score1_2_r5 <= score1_2_r4;
    end

    // registers in front of stage 6
    reg
        score0_0_r6, score0_1_r6, score2_0_r6, score2_1_r6, score1_0_r6, score1_2_r6;
    always @(posedge clk) begin
        score0_0_r6 <= score0_0_r5;
        score0_1_r6 <= score0_1_r5;
        score2_0_r6 <= score2_0_r5;
        score2_1_r6 <= score2_1_r5;
        score1_0_r6 <= score1_0_r5;
        score1_2_r6 <= score1_2_r5;
    end

    assign to_argmax = {
        score1_2_r4, score1_0_r4, score2_1_r4, score2_0_r4, score0_1_r4, score0_0_r4
    };

    assign result = {
        score1_2_r6, score1_0_r6, score2_1_r6, score2_0_r6, score0_1_r6, score0_0_r6
    };
endmodule
