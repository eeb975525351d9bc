// argmax of tiny
module tiny_argmax (
    input wire clk,
    input wire [5:0] from_popcount,
    output wire [1:0] result
);
    wire score0_0_r4 = from_popcount[0];
    wire score0_1_r4 = from_popcount[1];
    wire score2_0_r4 = from_popcount[2];
    wire score2_1_r4 = from_popcount[3];
    wire score1_0_r4 = from_popcount[4];
    wire score1_2_r4 = from_popcount[5];

    // stage 4
    localparam [31:0] a19_table = 32'h00007310;
    wire a19 = a19_table[{score1_2_r4, score1_2_r4, score1_0_r4, score0_1_r4, score0_0_r4}];
    localparam [15:0] a20_table = 16'h7310;
    wire a20 = a20_table[{score2_1_r4, score2_0_r4, score0_1_r4, score0_0_r4}];
    localparam [31:0] a21_table = 32'hf7f3f1f0;
    wire a21 = a21_table[{score2_1_r4, score2_0_r4, score1_2_r4, score1_2_r4, score1_0_r4}];

    // registers in front of stage 5
    reg
        a19_r5, a20_r5, a21_r5;
    always @(posedge clk) begin
        a19_r5 <= a19;
        a20_r5 <= a20;
        a21_r5 <= a21;
    end

    // stage 5
    wire class_index_0 = a19_r5 & ~a21_r5;
    localparam [7:0] class_index_1_table = 8'he4;
    wire class_index_1 = class_index_1_table[{a21_r5, a20_r5, a19_r5}];

    // registers in front of stage 6
    reg
        class_index_0_r6, class_index_1_r6;
    always @(posedge clk) begin
        class_index_0_r6 <= class_index_0;
        class_index_1_r6 <= class_index_1;
    end

    assign result = {
        class_index_1_r6, class_index_0_r6
    };
endmodule
